# Everything a person or a machine does with a checkout. `make` alone lists it.

PYTHON ?= python3
WORKERS ?= 2
# These tests mostly wait: for devices, for Entra, for processes to start.
INTEGRATION_WORKERS ?= 6
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
OUTPUT := tests/output

# The integration tests that run, as pytest's -m wants it; blank is all.
INTEGRATION_MARKS ?= not exhaustive

# How many cases `make fuzz` runs, and where they begin.
FUZZ_CASES ?= 50000
FUZZ_SEED ?= 1

# A test that hangs fails after this many seconds.
export PYTEST_TIMEOUT ?= 300
# Some build machines have no home folder.
ifeq ($(strip $(HOME)),)
export HOME := $(CURDIR)/.cache/home
endif

# The tools of the environment first. Ansible's own files, and what tools write into a home folder, go below .cache, so that neither
# settings nor collections of the machine change what is tested. git keeps its settings: it may have been told to trust the folder.
ANSIBLE := PATH="$(BIN):$$PATH" ANSIBLE_CONFIG="$(CURDIR)/tests/tools/ansible.cfg" ANSIBLE_HOME="$(CURDIR)/.cache/ansible" \
	ANSIBLE_REMOTE_TEMP="$(CURDIR)/.cache/ansible/tmp" ANSIBLE_ASYNC_DIR="$(CURDIR)/.cache/ansible/async"
RUN := env $(ANSIBLE) GIT_CONFIG_GLOBAL="$${GIT_CONFIG_GLOBAL:-$$HOME/.gitconfig}" HOME="$(CURDIR)/.cache/home"

# Run a suite and keep what it sends and gets, which `contract` reads.
RECORD = rm -rf $(OUTPUT)/exchanges && $(RUN)
RECORD_ARGS = --intune-tenant-record "$(CURDIR)/$(OUTPUT)/exchanges"

# Where the tenant of the molecule scenarios keeps its files. An interrupted run leaves them, and the tenant.
SCENARIOS := $(CURDIR)/$(OUTPUT)/molecule
MOLECULE := $(RUN) MOLECULE_EPHEMERAL_DIRECTORY="$(SCENARIOS)" molecule

DEMO_REQUIREMENTS := tests/requirements-demo.txt meta/ee-requirements.txt emulator/pyproject.toml
TEST_REQUIREMENTS := tests/requirements.txt tests/requirements-unit.txt $(DEMO_REQUIREMENTS)

# Clients of Microsoft in environments of their own.
JUDGES := azure-cli beta javascript

QUICK_PARTS := environment sanity-environment lint-quick unit-quick
# Not integration: artifact runs the same tests, against what is shipped. Parts joined with + run together: each keeps one processor busy.
PARTS := environment sanity-environment lint+sanity+molecule+docs-lint+demo unit artifact contract

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-quick environment lint lint-quick format generate unit unit-quick fuzz integration molecule smoke live contract judges contract-compare sanity sanity-environment docs-lint docs build artifact bench matrix changelog sample-report matrix-cells contract-download release-dist release-check release-environment release-publish emulator-dist emulator-check demo-recording release-links clean
ifndef TOGETHER
.NOTPARALLEL:
endif

help:  ## Show this list
	@echo "endpointops.intune: what you can run here"
	@echo
	@sed -n 's/^\([a-z][a-z-]*\):.*  ## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name text; do \
		printf '  make %-16s %s\n' "$$name" "$$text"; done
	@echo
	@echo "Nothing but git, make and Python 3.11 or later (with venv) has to be installed before. PYTHON=... picks the interpreter."

demo: $(VENV)/.demo-ready  ## See the collection work against an emulated tenant (nothing to set up)
	@$(RUN) python -m tests.demo

test:  ## Run every kind of check, and say at the end how long each part took
	@tests/tools/parts.sh "$(MAKE)" $(WORKERS) $(PARTS)

test-all:  ## Run the same with all tests: also slow ones that are rarely red, which repeat others in most cases; run ansible-test's integration target, build the documentation, and run Microsoft's clients
	@INTEGRATION_MARKS= tests/tools/parts.sh "$(MAKE)" $(WORKERS) $(PARTS) smoke docs judges

test-quick:  ## Run what a change needs at once: ruff, its unit tests (of uncommitted files and the last commit), and the repository's checks
	@tests/tools/parts.sh "$(MAKE)" $(WORKERS) $(QUICK_PARTS)

environment: $(VENV)/.test-ready  ## Make the virtual environment .venv with all tools (the others do it themselves)

lint: lint-quick  ## Check style, types, playbooks, roles, YAML, licenses, and the changelog
	@$(RUN) mypy -p ansible_collections.endpointops.intune.plugins -p intune_emulator -p tests.support -p tests.tools -p tests.fuzz -m tests.live.__main__
	@$(RUN) ansible-lint --offline --profile production
	@$(RUN) zizmor --offline --quiet .github
	@$(RUN) reuse lint --lines
	@$(RUN) antsibull-changelog lint
	@$(RUN) antsibull-changelog lint-changelog-yaml changelogs/changelog.yaml

lint-quick: environment
	@$(RUN) ruff check --cache-dir .cache/ruff .
	@$(RUN) ruff format --cache-dir .cache/ruff --check .

format: environment  ## Format the code, put imports in order, and repair everything that ruff can repair
	@$(RUN) ruff check --cache-dir .cache/ruff --fix .
	@$(RUN) ruff format --cache-dir .cache/ruff .

generate: environment  ## Write the parts of documentation, role, and pattern that repeat other files, and the action plugins
	@$(RUN) python -m tests.tools.generate

unit: environment  ## Run the unit tests, the emulated tenant's own tests and the checks of the repository itself
	@$(RUN) python -m pytest tests/unit tests/fuzz tests/live emulator/tests tests/quality -m "$(INTEGRATION_MARKS)" -n $(WORKERS) $(PYTEST_ARGS)

unit-quick: environment
	@$(RUN) python -m pytest $$($(RUN) python -m tests.tools.changed) -m "not slow and not exhaustive" -n $(WORKERS) $(PYTEST_ARGS)

fuzz: environment  ## Change the responses of the emulated tenant at random, and look for what must not be; FUZZ_CASES=, FUZZ_SEED=
	@$(RUN) python -m tests.fuzz --cases $(FUZZ_CASES) --seed $(FUZZ_SEED) --workers $(WORKERS)

integration: environment  ## Run every module, role and playbook against the emulated tenant; INTEGRATION_MARKS= runs all tests
	@$(RECORD) python -m pytest tests/integration $(RECORD_ARGS) -m "$(INTEGRATION_MARKS)" -n $(INTEGRATION_WORKERS) $(PYTEST_ARGS)

molecule: environment  ## Run the molecule scenarios of the role on an emulated tenant; INTEGRATION_MARKS= runs that of a fleet, too
	@$(RUN) intune-emulator stop --env-file "$(SCENARIOS)/tenant.env" >/dev/null
	@rm -rf "$(SCENARIOS)" && mkdir -p "$(SCENARIOS)"
	@$(MOLECULE) test --all --exclude fleet --workers $(WORKERS)
	@if [ -z "$(INTEGRATION_MARKS)" ]; then $(MOLECULE) test --scenario-name fleet; fi

smoke: environment  ## Run the integration target of ansible-test on a copy, without containers
	@env $(ANSIBLE) python -m tests.tools.ansible_test integration smoke

live: environment  ## Compare a tenant of your own (INTUNE_*) with the emulated one, by shapes; only reads without LIVE_WRITE=1
	@AZURE_CONFIG_DIR="$${AZURE_CONFIG_DIR:-$$HOME/.azure}" $(RUN) python -m tests.live

contract: environment  ## Compare what the integration tests and the emulated tenant sent and got with Microsoft's description of the API
	@if [ -z "$$(ls -A $(OUTPUT)/exchanges 2>/dev/null)" ]; then $(MAKE) --no-print-directory integration; fi
	@$(RUN) EMULATOR_RECORD_DIR="$(CURDIR)/$(OUTPUT)/exchanges" python -m pytest tests/contract -n $(WORKERS) $(PYTEST_ARGS)

# The clients are large, or pin their dependencies: each has an environment of its own. A failed installation fails the target.
judges: environment $(JUDGES:%=.cache/judges/%/.ready)  ## Install Microsoft's other clients (1.5 GB), and run them against the emulated tenant
	@$(RUN) python -m pytest tests/judges $(PYTEST_ARGS)

contract-compare: environment  ## List what newer OpenAPI files of Microsoft Graph change: FILES="v1.0.yaml beta.yaml"; fails for changes of used operations
	@if [ -z "$(FILES)" ]; then echo "Name OpenAPI files: make contract-compare FILES=\"v1.0.yaml beta.yaml\" (see CONTRIBUTING.md)" >&2; exit 2; fi
	@if [ -z "$$(ls -A $(OUTPUT)/exchanges 2>/dev/null)" ]; then $(MAKE) --no-print-directory integration; fi
	@$(RUN) EMULATOR_RECORD_DIR="$(CURDIR)/$(OUTPUT)/exchanges" python -m tests.contract.compare $(FILES)

contract-download:  # The files for contract-compare.
	@mkdir -p $(OUTPUT)/graph
	@for version in v1.0 beta; do curl --fail --silent --show-error --location --retry 3 --output "$(OUTPUT)/graph/$$version.yaml" \
		"https://raw.githubusercontent.com/microsoftgraph/msgraph-metadata/master/openapi/$$version/openapi.yaml" || exit 1; done

sanity-environment: environment  # The environments of ansible-test, which are kept too.
	@env $(ANSIBLE) python -m tests.tools.ansible_test sanity --prime-venvs >.cache/sanity-environment.log 2>&1 || { cat .cache/sanity-environment.log; exit 1; }

sanity: environment  ## Run ansible-test's sanity tests on a copy, without containers
	@env $(ANSIBLE) python -m tests.tools.ansible_test sanity $(SANITY_ARGS)

# Without the environment's link to this folder: antsibull-docs would take it for the place of the copy that it reads, and fail whenever the
# random name of that copy means something in reStructuredText.
docs-lint: environment  ## Check the documentation of plugins and the guides
	@$(RUN) ANSIBLE_COLLECTIONS_SCAN_SYS_PATH=0 antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self \
		--disallow-unknown-collection-refs --check-extra-docs-refs .

docs: environment  ## Build the documentation as HTML
	@$(RUN) tests/tools/docs.sh

build: environment  ## Build the tarball of the collection from the files that git tracks
	@$(RUN) python tests/tools/build.py

artifact: environment  ## Build the collection, install it elsewhere and test that copy
	@$(RECORD) tests/tools/artifact.sh $(RECORD_ARGS) -m "$(INTEGRATION_MARKS)" -n $(INTEGRATION_WORKERS) $(PYTEST_ARGS)

bench: environment  ## Measure speed and memory against the emulated tenant, and compare with other ways; BENCH_ARGS="--quick" is short
	@$(RUN) python -m tests.bench $(BENCH_ARGS)

# Long: about a quarter of an hour for each ansible-core on two cores. MATRIX="2.16 2.21/3.12" chooses some, MATRIX_FULL=1 runs nearly
# all unit and integration tests on every Python, see CONTRIBUTING.md.
matrix: environment  ## Run tests on each ansible-core that is supported, over the Pythons of this machine
	@env $(ANSIBLE) WORKERS=$(WORKERS) INTEGRATION_WORKERS=$(INTEGRATION_WORKERS) python -m tests.tools.matrix $(MATRIX)

matrix-cells:  # What the matrix consists of, for CI.
	@$(PYTHON) -m tests.tools.matrix --cells

demo-recording: environment  ## Write docs/images/demo.svg, a recording of `make demo` for the README
	@$(RUN) python -m tests.tools.recording

sample-report: environment  ## Write docs/sample, a report on the demo tenant, with the same bytes each time
	@$(RUN) python -m tests.tools.sample_report

changelog: environment  ## Write the changelog of the version in galaxy.yml from the fragments and the new modules, and record its public interface
	@if grep -q '^version: .*-dev$$' galaxy.yml; then \
		echo "galaxy.yml names a development version. Set the version of the release there first, see CONTRIBUTING.md." >&2; exit 1; fi
	@$(RUN) antsibull-changelog release --update-existing --reload-plugins --refresh-plugins
	@$(RUN) python -m tests.tools.interface

# These are for the workflow of a release, see CONTRIBUTING.md. What is published is the file that was tested.
release-dist: environment  ## Write the files of a release to tests/output/release: TAG=1.0.0
	@$(RUN) python -m tests.tools.release collection "$(TAG)"

release-check: environment  ## Run `make test` against the tarball of release-dist, and not against a new one
	@TARBALL="$$(ls "$(CURDIR)"/$(OUTPUT)/release/*.tar.gz)" && export TARBALL && $(MAKE) --no-print-directory test

release-links: environment  ## Check that the links to this project's repository and site can be opened, once these are public
	@$(RUN) python -m tests.tools.release links

# All that is installed beside the key of Galaxy: ansible-core, each of its files by a hash.
release-environment:
	@$(PYTHON) -m venv --clear .cache/release
	@.cache/release/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r tests/requirements-release.txt

release-publish:  # Needs ANSIBLE_GALAXY_SERVER_LIST and the variables of that server.
	@tarball="$$(ls $(OUTPUT)/release/*.tar.gz)" && .cache/release/bin/ansible-galaxy collection publish "$$tarball"

emulator-dist: environment  ## Write source distribution and wheel of the emulated tenant to tests/output/emulator: TAG=emulator-1.0.0
	@$(RUN) python -m tests.tools.release emulator "$(TAG)"

emulator-check:  ## Install the wheel of emulator-dist into an environment of its own, and run the emulated tenant's tests there
	@$(PYTHON) -m venv --clear .cache/emulator-check
	@.cache/emulator-check/bin/python -m pip install --quiet --disable-pip-version-check "$$(ls $(OUTPUT)/emulator/*.whl)[test]"
	@cd emulator && ../.cache/emulator-check/bin/python -m pytest $(PYTEST_ARGS)

clean:  ## Remove the virtual environment, caches and everything that tests wrote
	rm -rf $(VENV) .cache .ansible .hypothesis .pytest_cache .ruff_cache $(OUTPUT) endpointops-intune-*.tar.gz emulator/build emulator/dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or later is needed; $(PYTHON) is missing or older. Name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

# The collection is found through one link in the environment: no variables, no installation. The mark beside it tells mypy that it has types.
$(VENV)/.linked: | $(VENV)/bin/python
	@site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
		mkdir -p "$$site/ansible_collections/endpointops" && \
		ln -sfn "$(CURDIR)" "$$site/ansible_collections/endpointops/intune" && touch "$$site/ansible_collections/py.typed"
	@mkdir -p .cache/home
	@touch $@

$(VENV)/.demo-ready: $(DEMO_REQUIREMENTS) | $(VENV)/.linked
	@echo "Installing what the demo needs into $(VENV), which takes a minute or two ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements-demo.txt
	@touch $@

$(VENV)/.test-ready: $(TEST_REQUIREMENTS) | $(VENV)/.linked
	@echo "Installing what the tests need into $(VENV), which takes a minute or two ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $(VENV)/.demo-ready $@

.cache/judges/%/.ready: tests/judges/requirements-%.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.cache/judges/javascript/.ready: tests/judges/package.json tests/judges/javascript_client.js
	@command -v npm >/dev/null || { echo "Node.js with npm is missing. Microsoft's JavaScript client needs it." >&2; exit 1; }
	@mkdir -p $(@D)
	cp $^ $(@D)/
	cd $(@D) && npm install --no-audit --no-fund --no-package-lock --loglevel=error
	@touch $@
