# The verbs of this house; `make help` prints them. A machine needs python3 (3.11 or newer) and make.

UV_VERSION := 0.13.9
BIN := .venv/bin
HOUSE := $(BIN)/python -m lc_workflow.cli
# The fingerprint of the only two addresses that uv.lock may name, so that no other file names a package index.
LOCK_HOSTS := 152979bb3007f595
.DEFAULT_GOAL := help
.PHONY: help run test test-fast check format lint types imports migrate revision rollback seed gazetteer demo openapi clients approving checklist bench bench-quick bench-told bench-sockets faults sweep fuzz backup restore move reseal audit verify lock
# Some machines forbid it, and then each of the many processes that the tests start compiles every library anew.
unexport PYTHONDONTWRITEBYTECODE
# LC_ALL=C takes from Python that it reads paths with Khmer letters as they are; LANG=C alone does not.
unexport LC_ALL

help: ## Print the verbs.
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r verb words; do printf '  make %-11s %s\n' "$$verb" "$$words"; done

# The environment is brought again only when the lock has changed.
.venv/synced: uv.lock
	@.ci/environment

run: .venv/synced ## Serve the API here, with an embedded PostgreSQL and Valkey unless DATABASE_URL and REDIS_URL are set.
	@$(HOUSE) run

test: .venv/synced ## Run every test against real servers, on all processors.
	@$(BIN)/pytest --numprocesses auto --dist loadscope --no-loadscope-reorder

test-fast: .venv/synced ## Run the tests that need no server.
	@$(BIN)/pytest -m "not servers"

check: lint types imports ## Everything that must hold before a push: format, lint, types, imports, lock, one head, tests.
	@$(BIN)/ruff format --check
	@hosts=$$(grep -oE '[a-z+]+://[^/"]+' uv.lock | sort -u); \
		test "$$(echo "$$hosts" | sha256sum | cut -c1-16)" = $(LOCK_HOSTS) || \
		{ echo "uv.lock names other than the public package index; run make lock:" $$hosts; exit 1; }
	@test "$$($(BIN)/alembic heads | wc -l)" -eq 1 || { echo "The migrations have not exactly one head."; exit 1; }
	@$(BIN)/pytest --numprocesses auto --dist loadscope --no-loadscope-reorder

format: .venv/synced ## Format the code, and repair what ruff can repair.
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

lint: .venv/synced ## Ask ruff.
	@$(BIN)/ruff check

types: .venv/synced ## Ask mypy, strictly.
	@$(BIN)/mypy

imports: .venv/synced ## Prove that contexts look down, never up.
	@$(BIN)/lint-imports

migrate: .venv/synced ## Bring the database to the newest revision.
	@$(HOUSE) migrate

rollback: .venv/synced ## Take back the last revision, or go down to REVISION=….
	@$(HOUSE) rollback $(REVISION)

revision: .venv/synced ## Write a revision for the changed models: make revision MESSAGE="add approvals".
	@$(HOUSE) revision "$(MESSAGE)"

seed: .venv/synced ## Plant the demo institution; what is there stays.
	@$(HOUSE) seed

gazetteer: .venv/synced ## Take in the public list of places: make gazetteer FILE=places.csv.
	@$(HOUSE) load-gazetteer $(if $(FILE),"$(FILE)")

clients: .venv/synced ## Generate a Python client, and with node a TypeScript one, from the API's description into build/.
	@mkdir -p build
	@$(HOUSE) openapi build/openapi.json
	@$(BIN)/openapi-python-client generate --path build/openapi.json --config tests/contract/python_client.yaml \
		--meta none --output-path build/lc_workflow_client --overwrite --fail-on-warning
	@if command -v npx >/dev/null; then \
		npx --yes openapi-typescript@7 build/openapi.json --output build/lc_workflow_client.d.ts && \
		npx --yes --package typescript@5 tsc --noEmit --strict build/lc_workflow_client.d.ts; \
	else echo "There is no node here, so no TypeScript client."; fi

approving: .venv/synced ## Put a way of approving into force: make approving FILE=db/seeds/strict.toml.
	@$(HOUSE) adopt-approving $(if $(FILE),"$(FILE)")

checklist: .venv/synced ## Put a checklist of papers into force: make checklist FILE=db/seeds/kh-standard.toml.
	@$(HOUSE) adopt-checklist $(if $(FILE),"$(FILE)")

demo: .venv/synced ## Walk one loan through the server at URL=… (http://127.0.0.1:8000).
	@$(HOUSE) demo $(URL)

openapi: .venv/synced ## Write openapi.json.
	@$(HOUSE) openapi

bench: .venv/synced ## Measure start, memory, and what requests cost at 1,000 to 100,000 applications, beside two peers (MILLION=1: one size more).
	@.ci/environment --group bench
	@kept=true; for part in "routes $(if $(MILLION),--million)" uploads signing_in run; do \
		PYTHONPATH=. $(BIN)/python -m bench.$$part || kept=false; \
	done; $$kept

bench-told: .venv/synced ## Make 2,000 changes while the process is killed every few seconds: everybody hears of each, once; and beside slow channels.
	@PYTHONPATH=. $(BIN)/python -m bench.told
	@PYTHONPATH=. $(BIN)/python -m bench.channels

faults: .venv/synced ## Take away database, Redis, store and workers while people work, and print what that costs them.
	@PYTHONPATH=. $(BIN)/python -m bench.faults
bench-sockets: .venv/synced ## Hold 2,000 live sockets open on one worker: memory, from commit to message, and Redis killed meanwhile.
	@PYTHONPATH=. $(BIN)/python -m bench.sockets

bench-quick: .venv/synced ## The same at 1,000 and 10,000 applications, in under three minutes.
	@.ci/environment --group bench
	@kept=true; for part in routes uploads signing_in run; do \
		PYTHONPATH=. $(BIN)/python -m bench.$$part --quick || kept=false; \
	done; $$kept

sweep: .venv/synced ## Compare papers and their bytes and say what does not agree; with APPLY=yes mend it.
	@$(HOUSE) sweep $(if $(APPLY),--apply)

reseal: .venv/synced ## Seal secrets with the newest of ENCRYPTION_KEYS, so that older keys can be given up.
	@$(HOUSE) reseal

backup: .venv/synced ## Write the database and the papers into an empty folder, while people work: make backup TO=folder.
	@$(HOUSE) backup $(if $(TO),"$(TO)")

restore: .venv/synced ## Put a backup back into an empty place, and prove it: make restore FROM=folder.
	@$(HOUSE) restore $(if $(FROM),"$(FROM)")

move: .venv/synced ## Say what the old service's book would come to here; with WRITE=1 take it: make move FROM=postgresql://….
	@$(if $(FROM),OLD_DATABASE_URL="$(FROM)") $(HOUSE) move-from $(if $(WRITE),--write) $(if $(BUCKET),--old-bucket "$(BUCKET)") $(if $(FOLDER),--old-folder "$(FOLDER)") $(if $(REPORT),--report "$(REPORT)")

fuzz: .venv/synced ## Send all that the description allows and forbids, as each role (EXAMPLES=12 SHARES=9 JOBS=2 ROLES="officer teller" ONLY="--phases coverage").
	@PYTHONPATH=. $(BIN)/python -m bench.fuzz

audit: .venv/synced ## Compare the locked dependencies with known vulnerabilities, and look for secrets in all that was ever committed.
	@PATH="$(CURDIR)/.tools/bin:$$PATH"; \
		uv audit --frozen --preview-features audit-command || { echo "The dependencies were not found to be free of known vulnerabilities (see above)."; failed=1; }; \
		uv tool run --from detect-secrets==1.5.0 python bench/leaks.py || failed=1; exit $${failed:-0}

verify: .venv/synced ## Check the deployment files; or a deployment: make verify URL=https://… ORIGIN=https://….
	@$(if $(URL),$(HOUSE) verify $(URL) $(if $(ORIGIN),--origin $(ORIGIN)),$(BIN)/pytest --verbose tests/deploy)

lock: .venv/synced ## Resolve the dependencies again, from the public index alone.
	@env -u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_DEFAULT_INDEX -u UV_FIND_LINKS PATH="$(CURDIR)/.tools/bin:$$PATH" uv lock
