"""The offices file that leads a crawler to a running portal."""

from __future__ import annotations

from archive.provinces import BY_CODE
from tests.portal import others
from tests.portal.words import CITIES
from tests.portal.world import PORTALS, World


def offices_text(world: World, port: int) -> str:
    """TOML: where the hosts are reached, and one office for each organisation and province with news."""
    hosts = ("*.behzisti.test", "behzisti.test", "*.oghaf.test", "oghaf.test", f"*.{others.DOMAIN}")
    lines = ["[resolve]", *(f'"{host}" = "127.0.0.1:{port}"' for host in hosts)]
    for portal, (organisation, _, _) in PORTALS.items():
        for code in CITIES:
            if not world.select(portal, code):
                continue
            province = BY_CODE[code]
            name = {"behzisti": "بهزیستی {prov}", "oghaf": "اوقاف و امور خیریه {prov}"}[portal].format(
                prov=province.name
            )
            dialect = "nastooh" if portal == "behzisti" else "unknown"
            lines += [
                "",
                "[[office]]",
                f'id = "{portal}-{province.slug}"',
                f'organisation = "{organisation}"',
                f'province = "{code}"',
                f'name = "{name}"',
                f'url = "http://{province.slug}.{portal}.test/"',
                f'portal = "{portal}"',
                f'dialect = "{dialect}"',
                "verified = true",
            ]
    return "\n".join(lines) + "\n"
