//! Tanod: known material is recognised, a person decides with the least harm, the report is filed, the evidence is kept,
//! and anyone can check what was done. Each module is a domain of the product; ARCHITECTURE.md is the map.

pub mod accounts;
pub mod actions;
pub mod alarms;
pub mod audit;
pub mod banks;
pub mod care;
pub mod cli;
pub mod clock;
pub mod clocks;
pub mod config;
pub mod context;
pub mod disks;
pub mod evidence;
pub mod figures;
pub mod intake;
pub mod legal;
pub mod livestream;
pub mod matching;
pub mod notices;
pub mod now;
pub mod numbers;
pub mod operator;
pub mod pages;
pub mod plan;
pub mod provider;
pub mod queue;
pub mod readiness;
pub mod refusal;
pub mod reporting;
pub mod review;
pub mod roles;
pub mod sources;
pub mod store;
pub mod web;
pub mod webhooks;
