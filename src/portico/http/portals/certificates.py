"""The API of certificates, after recordings of the vendor's API (decision 15)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from portico.domain.portals.certificates import (
    CERTIFICATE_BLOB_LIMIT_BYTES,
    CERTIFICATE_FIELDS,
    KIND,
    Certificate,
    CertificateSpec,
)
from portico.domain.records import DESCRIPTION_LIMIT, NAME_LIMIT
from portico.http.kit.answers import Answer, answer_nothing
from portico.http.kit.api_call import Call
from portico.http.kit.operations import (
    STATELESS_LIST_PARAMETERS,
    Resource,
)
from portico.http.kit.wire import (
    Digits,
    ListAnswer,
    MaybeDigits,
    MaybeText,
    ReceivedId,
    Stamps,
    WireStruct,
    microtenant_digits,
    received,
    stamps,
    text,
    totals,
)
from portico.services.portals import certificates
from portico.services.portals.certificate_blobs import read_blob
from portico.services.work import UnitOfWork

TAG = "Certificate Management"
CERTIFICATES = "/v1/admin/customers/{customerId}/certificate"
ISSUED = "/v2/admin/customers/{customerId}/clientlessCertificate/issued"


class CertificateBody(WireStruct, frozen=True, kw_only=True):
    """A certificate in a request."""

    name: Annotated[
        str | None, received("Unique in its microtenant.", minLength=1, maxLength=NAME_LIMIT)
    ] = None
    description: Annotated[str | None, received(maxLength=DESCRIPTION_LIMIT)] = None
    cert_blob: Annotated[
        str | None,
        received(
            "PEM text: the certificate, then its chain. Private keys are discarded. POST requires "
            "it; a PUT without it keeps the stored certificate.",
            maxLength=CERTIFICATE_BLOB_LIMIT_BYTES,
        ),
    ] = None
    microtenant_id: ReceivedId = None


class CertificateAnswer(Stamps, frozen=True, kw_only=True):
    """A certificate in an answer."""

    name: str
    description: MaybeText = UNSET
    valid_from_in_epoch_sec: Digits
    valid_to_in_epoch_sec: Digits
    certificate: str
    cert_chain: MaybeText = UNSET
    issued_to: MaybeText = UNSET
    issued_by: MaybeText = UNSET
    serial_no: str
    public_key: str
    san: tuple[str, ...] | UnsetType = UNSET
    c_name: MaybeText = UNSET
    read_only: bool | UnsetType = UNSET
    zscaler_managed: bool | UnsetType = UNSET
    microtenant_id: MaybeDigits = UNSET
    microtenant_name: MaybeText = UNSET


class CertificateList(ListAnswer[CertificateAnswer], frozen=True, kw_only=True):
    """A page of certificates."""


def received_certificate(body: CertificateBody) -> CertificateSpec:
    """Return the name and description in a body."""
    return CertificateSpec(name=body.name or "", description=body.description or "")


def present_created(certificate: Certificate) -> CertificateAnswer:
    """Return the answer to the creation of a certificate."""
    return CertificateAnswer(
        **stamps(certificate),
        name=certificate.name,
        description=text(certificate.description),
        valid_from_in_epoch_sec=str(certificate.valid_from_in_epoch_sec),
        valid_to_in_epoch_sec=str(certificate.valid_to_in_epoch_sec),
        certificate=certificate.certificate,
        cert_chain=text(certificate.cert_chain),
        issued_to=text(certificate.issued_to),
        issued_by=text(certificate.issued_by),
        serial_no=certificate.serial_no,
        public_key=certificate.public_key,
        san=certificate.san or UNSET,
        c_name=text(certificate.c_name),
        microtenant_id=microtenant_digits(certificate),
    )


def present_read(certificate: Certificate, microtenant_name: str) -> CertificateAnswer:
    """Return a certificate for the answer to a GET."""
    return msgspec.structs.replace(
        present_created(certificate),
        read_only=False,
        zscaler_managed=False,
        microtenant_name=microtenant_name,
    )


async def read_certificate(work: UnitOfWork, certificate_id: int) -> CertificateAnswer:
    """Return what a GET of the certificate answers now. Raises NotFound."""
    certificate = await certificates.get_certificate(work, certificate_id)
    return present_read(certificate, work.microtenant_name)


CERTIFICATE = Resource(
    tag=TAG,
    path=CERTIFICATES,
    id_description="The id of the certificate.",
    body=CertificateBody,
    required=("name",),
    answer=CertificateAnswer,
    list_answer=CertificateList,
    list_parameters=STATELESS_LIST_PARAMETERS,
)


@CERTIFICATE.gets_page("Gets all certificates of the tenant, a page at a time.", ISSUED)
async def list_certificates(call: Call) -> Answer:
    """Return a page of the scope's certificates. Both paths list the same, since all are issued."""
    query = call.list_query(CERTIFICATE_FIELDS)
    async with call.read() as work:
        page = await certificates.list_certificates(work, query)
    items = [present_read(each, work.microtenant_name) for each in page.items]
    return await call.answer_read(work, CertificateList(**totals(page.total, query), items=items))


@CERTIFICATE.gets("Gets a certificate by its id.")
async def get_certificate(call: Call) -> Answer:
    """Return one certificate. Its private key is never stored."""
    certificate_id = call.path_id("id")
    async with call.read() as work:
        answer = await read_certificate(work, certificate_id)
    return await call.answer_read(work, answer)


@CERTIFICATE.creates("Adds a certificate.")
async def create_certificate(call: Call) -> Answer:
    """Create a certificate. Its dates, names and keys come from the PEM text."""
    body = await call.receive(CertificateBody)
    issued = await read_blob(body.cert_blob or "")
    async with call.write(body.microtenant_id) as work:

        async def create() -> CertificateAnswer:
            spec = received_certificate(body)
            return present_created(await certificates.create_certificate(work, spec, issued))

        return await call.created(work, create)


@CERTIFICATE.replaces("Replaces a certificate's name and description, and itself if one is sent.")
async def update_certificate(call: Call) -> Answer:
    """Replace a certificate's fields. Without certBlob the PEM text stays, as no GET returns it."""
    certificate_id = call.path_id("id")
    body = await call.receive(CertificateBody)
    issued = await read_blob(body.cert_blob) if body.cert_blob else None
    async with call.write(body.microtenant_id) as work:
        await call.require_version(work, KIND, work.certificates, certificate_id, read_certificate)
        spec = received_certificate(body)
        await certificates.update_certificate(work, certificate_id, spec, issued)
    return answer_nothing()


@CERTIFICATE.deletes("Deletes a certificate that no user portal names.")
async def delete_certificate(call: Call) -> Answer:
    """Delete a certificate that no user portal names."""
    certificate_id = call.path_id("id")
    async with call.write() as work:
        await call.require_version(work, KIND, work.certificates, certificate_id, read_certificate)
        await certificates.delete_certificate(work, certificate_id)
    return answer_nothing()


ROUTES = (
    list_certificates,
    get_certificate,
    create_certificate,
    update_certificate,
    delete_certificate,
)
