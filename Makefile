SHELL := /bin/bash
.DEFAULT_GOAL := help

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
MESSAGES := $(TARGET)/orcid-messages
HAS_NEXTEST := $(shell command -v cargo-nextest)
HAS_DENY := $(shell command -v cargo-deny)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## start the agency and the ORCID simulator on this machine
	@scripts/need cc
	cargo run --locked -- serve

.PHONY: demo
demo: ## walk the whole workflow against a running instance
	cargo run --locked -- demo

.PHONY: test
test: ## run all tests, on SQLite and on a PostgreSQL of their own
	@scripts/need cc node npm postgres xmllint
	@scripts/node-packages tests/oidc
	rm -rf $(MESSAGES) && mkdir -p $(MESSAGES)
	cargo build --locked --workspace
ifdef HAS_NEXTEST
	RAID_ORCID_MESSAGES=$(MESSAGES) scripts/postgres run cargo nextest run --locked --workspace --no-fail-fast
	cargo test --locked --workspace --doc
else
	RAID_ORCID_MESSAGES=$(MESSAGES) scripts/postgres run cargo test --locked --workspace
endif

# Of the fuzzing: how many mutated requests, and the seed of a run that is to be repeated.
CASES ?= 100000
SEED ?=

.PHONY: fuzz
fuzz: ## 100 000 mutated requests, settings at random, orders of events around a permission (CASES=… SEED=…)
	@scripts/need cc
	RAID_MODEL_CASES=$(CASES) cargo test --locked --release -p raid-model --lib every_order_of_events
	cargo build --locked --release -p raid-agency
	RAID_FUZZ_CASES=$(CASES) RAID_FUZZ_SEED=$(SEED) cargo test --locked --workspace --test it \
		fuzz:: -- --skip ::postgres --nocapture

.PHONY: schemathesis
schemathesis: ## check that the API answers as openapi/ describes
	@scripts/schemathesis

.PHONY: clients
clients: ## make Python and TypeScript clients of openapi/, and use them
	@scripts/clients

.PHONY: lint
lint: ## check the format, clippy and the tree's own rules
	scripts/check-tree
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

.PHONY: deny
deny: ## check licences, sources and advisories of the dependencies
ifdef HAS_DENY
	cargo deny --locked check
else
	@echo "cargo-deny is not installed, so nothing was checked (cargo install cargo-deny)"
endif

.PHONY: ops
ops: ## check the alert rules, their tests and the dashboard in ops/ (METRICS=address of /metrics)
	@scripts/ops $(METRICS)

.PHONY: openapi
openapi: ## write openapi/ anew from the code
	cargo run --locked -- openapi

.PHONY: attack
attack: ## attack an agency of its own, without limits and with those that are shipped
	@scripts/need cc
	cargo build --release --locked -p raid-agency -p raid-tests --bins
	$(TARGET)/release/attack

.PHONY: bench
bench: ## print the benchmarks as ratios, on durable databases
	@scripts/need cc postgres
	cargo build --release --locked -p raid-agency -p raid-tests --bins
	RAID_POSTGRES_DURABLE=1 scripts/postgres run $(TARGET)/release/bench
