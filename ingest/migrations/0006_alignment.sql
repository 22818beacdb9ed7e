CREATE TABLE alignment (
    id {identity},
    media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
    trailer_fingerprint TEXT NOT NULL,
    trailer_path TEXT NOT NULL,
    document TEXT NOT NULL,
    made_at TEXT NOT NULL,
    UNIQUE (media_id, trailer_fingerprint)
);
