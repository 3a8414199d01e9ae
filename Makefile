# `make demo` and `make test` are all one needs; the other targets are for whoever changes the code.

export CARGO_TARGET_DIR ?= $(HOME)/.cache/calibrant-target

DEMO_DIR ?= $(if $(filter 0,$(shell id -u)),/var/lib/calibrant-demo,$(HOME)/.local/share/calibrant-demo)

.PHONY: demo test torture fuzz lint generate bench bench-long bench-build build web postgres clean-demo

# A server with a simulated product in it.
demo: postgres web
	@echo "Building (the first time takes a quarter of an hour on two cores) …"
	@cargo build --release --locked
	@$(CARGO_TARGET_DIR)/release/calibrant demo --data-dir "$(DEMO_DIR)"

# Forgets the demo's data.
clean-demo:
	rm -rf "$(DEMO_DIR)"

build: postgres web
	cargo build --release --locked

# The dashboard, which the next build of the server embeds. Without Node it is left out, and the server says so in its place.
web:
	@./scripts/web build

# Everything that must hold: style, lints, unit tests, integration tests on a real PostgreSQL, the dashboard in a real browser.
test: postgres web lint
	./scripts/web test
	cargo test --locked
	CALIBRANT_BINARY=$(CARGO_TARGET_DIR)/debug/calibrant ./scripts/web browser

# The long forms: half an hour of kills at random instants (`CALIBRANT_TORTURE_SEED=n` repeats a run's choices), a minute of
# overload, and many more arbitrary inputs for every decoder.
torture: postgres
	CALIBRANT_TORTURE_SECONDS=$${CALIBRANT_TORTURE_SECONDS:-1800} cargo test --locked --test it crash::torture -- --nocapture
	CALIBRANT_TORTURE=1 PROPTEST_CASES=20000 cargo test --locked -- overload decoders arbitrary cursors

# Property-based requests made from openapi.json, against a server on a fresh database (needs Python and PyPI).
fuzz: postgres
	cargo build --locked
	./scripts/fuzz

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

# Renews the files that are made from the code.
generate: postgres
	UPDATE_GENERATED=1 cargo test --locked --test it -- structure the_table_of_limits
	./scripts/web types

# Everything that has a bar on speed, in its short form; PARTS="ingest large" chooses. benches/README.md says more.
bench: postgres
	cargo bench --locked --bench pipeline -- $(PARTS)

# The same with streams of five minutes and a product of ten million outputs: hours, and 25 GB of disk.
bench-long: postgres
	CALIBRANT_BENCH_LONG=1 cargo bench --locked --bench pipeline -- $(PARTS)

# The release build from nothing: a quarter of an hour on two cores, and 3 GB of disk while it runs.
bench-build:
	cargo bench --locked --bench pipeline -- build

# PostgreSQL's server programs. Installed through apt where that is possible, named otherwise.
postgres:
	@./scripts/require-postgres
