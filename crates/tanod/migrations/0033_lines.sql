-- Whether a destination answers, by its address: what one process learns serves the others.
CREATE TABLE destination_lines (
    address TEXT PRIMARY KEY,
    line TEXT NOT NULL
);
