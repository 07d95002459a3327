"""The engine on one machine: embedded PostgreSQL, an HTTP server, a ticker and an outbox. For development only."""
