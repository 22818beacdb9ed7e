CREATE TABLE media (
    id {identity},
    fingerprint TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    container TEXT NOT NULL,
    codec TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    rotation INTEGER NOT NULL,
    rate TEXT NOT NULL,
    variable_rate INTEGER NOT NULL,
    time_base TEXT NOT NULL,
    start_pts BIGINT NOT NULL,
    frames INTEGER NOT NULL,
    duration TEXT,
    start_timecode TEXT,
    audio TEXT,
    warnings TEXT NOT NULL,
    detector TEXT NOT NULL,
    ingest_version TEXT NOT NULL,
    ingested_at TEXT NOT NULL
);
CREATE INDEX media_path ON media (path);
CREATE TABLE shot (
    media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    start_frame INTEGER NOT NULL,
    end_frame INTEGER NOT NULL,
    transition_kind TEXT NOT NULL,
    transition_first INTEGER NOT NULL,
    transition_last INTEGER NOT NULL,
    confidence REAL NOT NULL,
    PRIMARY KEY (media_id, idx)
);
CREATE TABLE array_file (
    media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (media_id, kind, model)
);
CREATE TABLE failure (
    path TEXT NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    failed_at TEXT NOT NULL
);
