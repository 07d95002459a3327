"""What each request passes before a route sees it, the same for every server.

requests        the way of a request: found, let in, answered, logged
guard           what is let in; strict_json: how its JSON is read
browsers        what pages from anywhere may ask of a server on the same machine
lambda_events   API Gateway's events as requests
"""
