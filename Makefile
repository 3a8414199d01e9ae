# `make demo` and `make test` are all one needs; the other targets are for whoever changes the code.

export CARGO_TARGET_DIR ?= $(HOME)/.cache/calibrant-target

DEMO_DIR ?= $(if $(filter 0,$(shell id -u)),/var/lib/calibrant-demo,$(HOME)/.local/share/calibrant-demo)

.PHONY: demo test torture lint generate bench build postgres clean-demo

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

# Kills the server and its database at random instants for half an hour; `CALIBRANT_TORTURE_SEED=n` repeats a run's choices.
torture: postgres
	CALIBRANT_TORTURE_SECONDS=$${CALIBRANT_TORTURE_SECONDS:-1800} cargo test --locked --test it crash::torture -- --nocapture

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
