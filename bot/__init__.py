"""Telegram only: an Update becomes an IncomingMessage, an OutMessage becomes Telegram messages. It decides nothing."""
