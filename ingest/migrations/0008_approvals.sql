CREATE TABLE approval (
    id {identity},
    cut_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    approved_at TEXT NOT NULL,
    UNIQUE (cut_id, version, name),
    FOREIGN KEY (cut_id, version) REFERENCES cut_version (cut_id, version) ON DELETE CASCADE
);
