CREATE TABLE cut (
    id {identity},
    media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE cut_version (
    cut_id INTEGER NOT NULL REFERENCES cut (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    author TEXT NOT NULL,
    note TEXT NOT NULL,
    brief TEXT NOT NULL,
    rate TEXT NOT NULL,
    frames INTEGER NOT NULL,
    ranker TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (cut_id, version)
);
CREATE TABLE slot (
    cut_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
    shot_idx INTEGER NOT NULL,
    source_in INTEGER NOT NULL,
    source_out INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    score REAL NOT NULL,
    reasons TEXT NOT NULL,
    alternates TEXT NOT NULL,
    PRIMARY KEY (cut_id, version, idx),
    FOREIGN KEY (cut_id, version) REFERENCES cut_version (cut_id, version) ON DELETE CASCADE
);
CREATE TABLE model (
    id {identity},
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    path TEXT NOT NULL,
    card TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (kind, name, version)
);
