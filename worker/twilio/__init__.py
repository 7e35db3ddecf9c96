"""The only room that knows Twilio: what leaves for it, what it answers, what it tells us later."""
