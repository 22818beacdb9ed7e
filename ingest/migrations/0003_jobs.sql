CREATE TABLE job (
    id {identity},
    path TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    progress REAL NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
);
CREATE INDEX job_state ON job (state);
CREATE INDEX job_owner ON job (host, pid);
