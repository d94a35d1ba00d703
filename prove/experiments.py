"""Every experiment, in the order of the page."""

from __future__ import annotations

from prove import clocks, copies, damage, disks, fuzz, kills, outages, restarts, slow_clients, soaks
from prove.findings import Experiment

EXPERIMENTS = (
    Experiment(
        "kills-sqlite",
        "`kill -9` during writes, SQLite",
        "1,000 kills",
        "15 minutes",
        kills.prove_kills_on_sqlite,
    ),
    Experiment(
        "kills-postgresql",
        "`kill -9` during writes, PostgreSQL",
        "1,000 kills",
        "50 minutes",
        kills.prove_kills_on_postgresql,
    ),
    Experiment(
        "outages",
        "PostgreSQL crashes under load",
        "100 crashes",
        "15 minutes",
        outages.prove_outages,
    ),
    Experiment(
        "full-disk",
        "Full disk",
        "20 times full",
        "3 minutes",
        disks.prove_full_disk,
    ),
    Experiment(
        "read-only-disk",
        "File system that becomes read-only",
        "once",
        "10 seconds",
        disks.prove_read_only_disk,
    ),
    Experiment(
        "damage",
        "Damaged database file",
        "40 pages",
        "8 minutes",
        damage.prove_damage,
    ),
    Experiment(
        "clocks",
        "Clock set back and forth",
        "200 jumps",
        "2 minutes",
        clocks.prove_clocks,
    ),
    Experiment(
        "fuzz-api",
        "Random requests by Schemathesis",
        "20,000 requests",
        "25 minutes",
        fuzz.prove_api,
    ),
    Experiment(
        "fuzz-forms",
        "Random requests to pages, forms and the API",
        "480,000 requests",
        "80 minutes",
        fuzz.prove_forms,
    ),
    Experiment(
        "soak-sqlite",
        "Mixed load, SQLite",
        "1 hour",
        "61 minutes",
        soaks.prove_soak_on_sqlite,
    ),
    Experiment(
        "soak-postgresql",
        "Mixed load, PostgreSQL",
        "1 hour",
        "61 minutes",
        soaks.prove_soak_on_postgresql,
    ),
    Experiment(
        "slow-clients",
        "Slow clients",
        "1,000 clients for 2 minutes",
        "3 minutes",
        slow_clients.prove_slow_clients,
    ),
    Experiment(
        "backups",
        "Backups under load",
        "100,000 links",
        "3 minutes",
        copies.prove_backup,
    ),
    Experiment(
        "upgrades",
        "Upgrades from every schema",
        "every schema",
        "1 minute",
        copies.prove_upgrades,
    ),
    Experiment(
        "restarts",
        "Reloads and restarts under load",
        "100 reloads and 100 restarts",
        "6 minutes",
        restarts.prove_restarts,
    ),
)
