-- Answers are forgotten by age, whoever they were given to.
CREATE INDEX answers_at ON answers (at);
