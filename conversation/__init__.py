"""The channel-neutral dialogue: messages in, replies out; intents, flows, persisted state."""
