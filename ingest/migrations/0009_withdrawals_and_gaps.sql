CREATE TABLE withdrawn_approval (
    id {identity},
    cut_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    approved_at TEXT NOT NULL,
    withdrawn_by TEXT NOT NULL,
    withdrawn_at TEXT NOT NULL,
    FOREIGN KEY (cut_id, version) REFERENCES cut_version (cut_id, version) ON DELETE CASCADE
);
ALTER TABLE cut_version ADD COLUMN gap REAL;
