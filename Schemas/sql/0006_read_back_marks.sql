-- Up to when everything that the channel has of a page is on record: from there the page is read back
-- through the channel's API when the desk may have missed something.
CREATE TABLE read_back_marks (
    desk bigint NOT NULL REFERENCES desks,
    -- HMAC of the platform's id of the page.
    page bytea NOT NULL CHECK (octet_length(page) = 16),
    read_until timestamptz NOT NULL,
    PRIMARY KEY (desk, page)
);
