# `make demo` and `make test` are all one needs; the other targets are for whoever changes the code.

export CARGO_TARGET_DIR ?= $(HOME)/.cache/calibrant-target

DEMO_DIR ?= $(if $(filter 0,$(shell id -u)),/var/lib/calibrant-demo,$(HOME)/.local/share/calibrant-demo)

.PHONY: demo test torture fuzz lint generate bench build postgres clean-demo

# A server with a simulated product in it.
demo: postgres
	@echo "Building (the first time takes a quarter of an hour on two cores) …"
	@cargo build --release --locked
	@$(CARGO_TARGET_DIR)/release/calibrant demo --data-dir "$(DEMO_DIR)"

# Forgets the demo's data.
clean-demo:
	rm -rf "$(DEMO_DIR)"

build: postgres
	cargo build --release --locked

# Everything that must hold: style, lints, unit tests, integration tests on a real PostgreSQL.
test: postgres lint
	cargo test --locked

# The same tests at length: a minute of overload, and many more arbitrary inputs for every decoder.
torture: postgres
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
	UPDATE_GENERATED=1 cargo test --locked --test it structure

bench: postgres
	cargo bench --locked --bench pipeline

# PostgreSQL's server programs. Installed through apt where that is possible, named otherwise.
postgres:
	@./scripts/require-postgres
