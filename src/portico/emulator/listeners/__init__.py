"""The stand-in's own HTTP/1.1 server: plain HTTP, TLS and a forward proxy, all for one application.

A general ASGI server cannot reset a connection, create a certificate for a handshake or answer
CONNECT (decision 24).
"""
