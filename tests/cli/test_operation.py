"""What operators see of a program that runs."""

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from tests.cli.program import ROOT, Program, Running, wait_for

SECRET = "How do I claim the taxi that Zebediah took?"


def scrape(running: Running) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by family, then by label values in the order of the label names."""
    status, text = running.get("/metrics")
    assert status == 200
    assert "Zebediah" not in text
    return {
        family.name: {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for sample in family.samples
        }
        for family in text_string_to_metric_families(text)
    }


def test_a_program_that_runs_is_ready_and_tells_what_it_counted(program: Program) -> None:
    with replace(program, settings={"INFLOW_VECTORS": "none"}).serve() as running:
        wait_for(running.is_ready)
        ask = {"person": "ana", "conversation": "dm", "text": f"/ask {SECRET}", "event_id": "e1"}
        for _ in range(2):
            running.post("/playground/api/say", ask)
        found = scrape(running)
    assert {series: n for series, n in found["inflow_inbound"].items() if n} == {
        ("done", "playground", "ordered"): 1,
        ("repeated", "playground", "ordered"): 1,
    }
    readme = (ROOT / "README.md").read_text()
    assert [name for name in found if name.startswith("inflow_") and name not in readme] == []
    assert found["inflow_store_reachable"] == {(): 1}
    assert found["inflow_clock_lag_seconds"][()] < 30
    assert found["inflow_timers_due"][()] >= 0
    assert found["process_resident_memory_bytes"][()] > 10_000_000
