# SPDX-License-Identifier: GPL-2.0-or-later
"""Validation of answers for the tests of signed zones: by dnspython, and by delv where it is installed."""

import dns.dnssec
import dns.rdata

from harness import *

try:
    import cryptography  # noqa: dnspython validates with it
except ImportError:
    skip("no cryptography for Python")

NAME = "www.example.com"


def policy(algorithm="ecdsap256sha256", nsec3=False, csk=True, more=""):
    """A policy «quick» and the zone's options for it."""
    extra = "\n".join(["policy:", "  - id: quick", "    algorithm: " + algorithm,
                       "    single-type-signing: " + ("on" if csk else "off"),
                       "    nsec3: " + ("on" if nsec3 else "off"), more])
    return {"extra": extra,
            "zone_options": "    dnssec-signing: on\n    dnssec-policy: quick"}


def fetch_keys(at=PRIMARY, name=NAME):
    """The DNSKEY set, or None."""
    response = query(name, "DNSKEY", at, tcp=True, do=True)
    return response.answer[0] if response.answer else None


def verify(section, keys, optional=False, now=None):
    """Each RRset of a section must have signatures that hold (if they have not been left out for want of
    room), and no signature may be left over."""
    names = {keys.name: keys}
    covered = set()
    for rrset in section:
        if rrset.rdtype == dns.rdatatype.RRSIG:
            continue
        signatures = [other for other in section
                      if (other.rdtype, other.covers, other.name) ==
                      (dns.rdatatype.RRSIG, rrset.rdtype, rrset.name)]
        if optional and not signatures:
            continue
        assert signatures, "no signature over %s" % rrset
        # A strict validator wants one of each algorithm (RFC 6840 section 5.11).
        for algorithm in {key.algorithm for key in keys}:
            those = [signature for signature in signatures[0] if signature.algorithm == algorithm]
            assert those, "no signature of algorithm %d over %s" % (algorithm, rrset)
            dns.dnssec.validate(rrset, dns.rrset.from_rdata_list(rrset.name, rrset.ttl, those), names,
                                now=now)
        expect("TTL of the signature", signatures[0].ttl, rrset.ttl)
        covered.add((rrset.name, rrset.rdtype))
    for rrset in section:
        if rrset.rdtype == dns.rdatatype.RRSIG:
            assert (rrset.name, rrset.covers) in covered, "signature over nothing: %s" % rrset


def verified(response, keys):
    """The addresses of an answer that is signed throughout."""
    verify(response.answer, keys)
    verify(response.additional, keys, optional=True)
    return addresses(response)


def delv(name, rrtype, at, keys):
    """What delv says, with the zone's own keys as its trust anchor."""
    if shutil.which("delv") is None:
        return "fully validated"
    path = os.path.join(make_folder(), "anchors")
    with open(path, "w") as file:
        file.write("trust-anchors {\n")
        for key in keys:
            if key.flags & 1:
                file.write('"%s" static-key %d %d %d "%s";\n' % (
                    keys.name, key.flags, key.protocol, key.algorithm,
                    dns.rdata._base64ify(key.key, 0).replace(" ", "")))
        file.write("};\n")
    return subprocess.run(["delv", "@" + at, "-a", path, "+root=" + keys.name.to_text(), name, rrtype],
                          capture_output=True, text=True).stdout
