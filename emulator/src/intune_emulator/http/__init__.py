# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The protocol: HTTPS, OData, Graph's dispatch of requests, errors, and $batch. It contains no path of a service."""
