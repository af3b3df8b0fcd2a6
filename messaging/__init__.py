"""The outbox. Whoever has something to say enqueues it in the transaction of its own change; nobody else sends."""
