"""Tests against a stand-in for the vendor's cloud: fixtures for pytest, and the same without it.

`stand_in` starts one, and `portico.testing.plugin` has the fixtures. Importing this loads nothing
but the standard library.
"""

from portico.testing.control import ControlError
from portico.testing.server import Server, StartError, stand_in
from portico.testing.tenants import Clock, FaultNeverStruck, Journal, Request, Tenant

__all__ = [
    "Clock",
    "ControlError",
    "FaultNeverStruck",
    "Journal",
    "Request",
    "Server",
    "StartError",
    "Tenant",
    "stand_in",
]
