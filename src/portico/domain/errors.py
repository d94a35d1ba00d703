"""The tree of errors. Each class is one condition; `http/kit/errors.py` maps them to statuses.

PorticoError
├── InvalidInput                 the request cannot succeed without a change
│   ├── InvalidField             a value breaks the rule of its field
│   │   └── MissingValue         a required field is empty
│   ├── InvalidOperand           a search has an unknown or unsuitable operator
│   ├── InvalidFilter            a search has an unknown field or a value of the wrong kind
│   ├── SearchTooExpensive       a search reached the time limit of reads
│   ├── UnknownReference         a body names a resource that does not exist
│   ├── NameTaken                another resource of the same kind has the name
│   ├── StillReferenced          another resource refers to the one to delete
│   ├── LinkLimitExceeded        a portal would have too many links
│   ├── MicrotenantLimitExceeded a tenant would have too many microtenants
│   ├── ForeignAuthDomain        a microtenant names a domain that is not the tenant's
│   └── AuthDomainTaken          another microtenant has the domain
├── NotFound                     the resource does not exist for this caller
├── AccessDenied                 no valid credentials
│   ├── SessionNotValid          the token is no longer valid; signing in again helps
│   ├── PasswordLinkNotValid     a password link was used, replaced or withdrawn, or has expired
│   └── LockedOut                too many sign-ins failed; waiting helps
├── Forbidden                    the caller is known but not allowed
├── ConcurrentChange             another change came first; a retry can succeed
│   └── StalePrecondition        If-Match does not match the stored version
└── Unavailable                  the database cannot serve now
    └── Overloaded               too many reads are running, or a read took too long
        └── TooManySignIns       too many passwords are waiting to be checked
"""

from __future__ import annotations

from typing import ClassVar


class PorticoError(Exception):
    """Root of the tree: the id on the wire, the reason for people, and parameters."""

    code: ClassVar[str]

    def __init__(self, reason: str, *params: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = params


class InvalidInput(PorticoError):
    """The request cannot succeed without a change."""

    code = "invalid.resource.argument"

    def within(self, entry: str) -> InvalidInput:
        """Return the error with the name of the list entry before its reason."""
        self.reason = f"{entry}: {self.reason}"
        return self


class InvalidField(InvalidInput):
    """A value breaks the rule of its field. The first sentence is the vendor's."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"One or more input fields {field} are not valid. {why}", field)
        self.field = field
        self.why = why

    def within(self, entry: str) -> InvalidField:
        """Return the error with the list entry before the field, as in `links[3].name`."""
        return InvalidField(f"{entry}.{self.field}", self.why)


class MissingValue(InvalidField):
    """A required field is empty."""


class InvalidOperand(InvalidInput):
    """A search has an unknown operator, or one that its field does not support."""

    code = "filtering.input.invalid.operand"

    def __init__(self, operand: str) -> None:
        super().__init__(f"Invalid operand:{operand} in Filtering criteria.", operand)


class InvalidFilter(InvalidInput):
    """A search has an unknown field, or a value of the wrong kind for its field."""

    code = "filtering.input.invalid.field"


class SearchTooExpensive(InvalidInput):
    """A search reached the time limit of reads. The same search would reach it again."""

    code = "filtering.input.too.expensive"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The search was stopped after {seconds:g} seconds. Narrow it: use EQ on the name, id "
            "or link, longer words with LIKE, or fewer terms with OR."
        )


class UnknownReference(InvalidInput):
    """A body names a resource that does not exist for this caller."""

    code = "resource.not.found"

    def __init__(self, value: int) -> None:
        super().__init__(f"No resource exists with the given id/name :{value}", str(value))


class NameTaken(InvalidInput):
    """Another resource of the same kind and microtenant has the name, ignoring case."""

    code = "resource.already.exist"

    def __init__(self, name: str) -> None:
        super().__init__(f"A resource with the name {name} already exists.", name)
        self.name = name


class StillReferenced(InvalidInput):
    """Another resource refers to the one to delete."""

    code = "resource.referenced"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"Resource is being referenced in {kind} : {name}.", kind, name)
        self.kind = kind
        self.name = name


class LinkLimitExceeded(InvalidInput):
    """A portal would have more links than the documented limit. Its name is for the console."""

    code = "portal.link.limit.exceeded"

    def __init__(self, portal_id: int, limit: int, portal_name: str = "") -> None:
        super().__init__(
            f"A user portal can have at most {limit} links. Portal {portal_id} would have more.",
            str(portal_id),
        )
        self.limit = limit
        self.portal_name = portal_name


class MicrotenantLimitExceeded(InvalidInput):
    """A tenant would have more microtenants than the documented limit."""

    code = "microtenant.limit.exceeded"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant can have at most {limit} microtenants.", str(limit))


class ForeignAuthDomain(InvalidInput):
    """A microtenant names an authentication domain that the tenant does not own."""

    code = "domains.does.not.belong.to.customer"

    def __init__(self, domain: str) -> None:
        super().__init__(f"The domain {domain} does not belong to this tenant.", domain)


class AuthDomainTaken(InvalidInput):
    """Another microtenant of the tenant already has the authentication domain."""

    code = "domains.already.exists.in.other.microtenant"

    def __init__(self, domain: str) -> None:
        super().__init__(f"The domain {domain} already belongs to another microtenant.", domain)


class NotFound(PorticoError):
    """The resource does not exist, or belongs to another tenant or microtenant."""

    code = "resource.not.found"

    def __init__(self, value: object) -> None:
        super().__init__(f"No resource exists with the given id/name :{value}", str(value))


class AccessDenied(PorticoError):
    """The request has no valid credentials."""

    code = "access.denied"

    def __init__(self, reason: str = "Access denied") -> None:
        super().__init__(reason)


class SessionNotValid(AccessDenied):
    """The token is expired, revoked or signed out. The vendor's Go client reads the marker."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Access denied. SESSION_NOT_VALID: {why}")


class PasswordLinkNotValid(AccessDenied):
    """A password link cannot be used, for whatever reason. A new one helps."""

    def __init__(self) -> None:
        super().__init__("This link does not work any more. Ask for a new one.")


class LockedOut(AccessDenied):
    """Too many sign-ins failed. The next attempt is possible after `seconds`."""

    code = "access.locked"

    def __init__(self, seconds: int) -> None:
        minutes = -(-seconds // 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"Too many sign-ins failed. Wait {wait}, then try again.")
        self.seconds = seconds


class Forbidden(PorticoError):
    """The caller is known but not allowed."""

    code = "authz.access.forbidden"


class ConcurrentChange(PorticoError):
    """Another change came first. The same request can succeed when it is sent again."""

    code = "api.concurrent.access.error"

    def __init__(self, kind: str, why: str = "") -> None:
        sentence = "Unable to modify the resource due to concurrent change requests. Try again"
        super().__init__(f"{sentence}. {why}" if why else sentence, kind)
        self.why = why


class StalePrecondition(ConcurrentChange):
    """The caller's If-Match does not match the stored version."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind, "If-Match does not match the stored version. Read it again first.")


class Unavailable(PorticoError):
    """The database cannot serve now. Waiting helps; changing the request does not."""

    code = "retryable.server.error"


class Overloaded(Unavailable):
    """Too many expensive reads are waiting, or a read reached its time limit."""


class TooManySignIns(Overloaded):
    """Too many passwords are waiting to be checked or hashed. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many people are signing in just now. Wait a few seconds, then try again."
        )
        self.retry_after = retry_after
