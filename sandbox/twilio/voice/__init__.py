"""Calls: Twilio's API for them, the exchange that rings people, and the player of the application's documents."""
