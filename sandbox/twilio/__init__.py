"""A stand-in for Twilio's messaging API: a real HTTP server, written from Twilio's documentation alone.

It knows nothing of the product, signs with its own code, keeps its own clock, plays the phones of
`sandbox.phones`, and calls nothing but this machine. `python -m sandbox.twilio --help` starts one.
"""
