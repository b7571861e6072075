"""Real parts for what a page holds beside its token: web sockets, a store of refresh tokens that rotate, sessions in a Redis."""
