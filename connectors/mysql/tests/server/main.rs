//! What the connector does with a real server, beyond the behaviour suite.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]
