// Copyright: (c) 2026, Endpoint Ops
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Do one task with Microsoft's JavaScript client library, and print the result as JSON. It runs beside its node_modules.
import { ClientSecretCredential } from "@azure/identity";
import { Client, GraphError } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";

const { INTUNE_GRAPH_URL: url, INTUNE_AUTHORITY_URL: authorityHost, ...env } = process.env;
const credential = new ClientSecretCredential(env.INTUNE_TENANT_ID, env.INTUNE_CLIENT_ID, env.INTUNE_CLIENT_SECRET, {
  authorityHost,
  disableInstanceDiscovery: true,
});
const graph = Client.initWithMiddleware({
  authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: [`${url}/.default`] }),
  baseUrl: url,
  customHosts: new Set([new URL(url).hostname]),
});

const tasks = {
  async pages(top) {
    const pages = [];
    let page = await graph.api("/deviceManagement/managedDevices").select(["id", "deviceName"]).top(Number(top)).get();
    for (;;) {
      pages.push(page.value.map((device) => device.deviceName));
      if (!page["@odata.nextLink"]) return pages;
      page = await graph.api(page["@odata.nextLink"]).get();
    }
  },

  async reset(id) {
    await graph.api(`/deviceManagement/managedDevices/${id}/resetPasscode`).post({});
    const device = await graph.api(`/deviceManagement/managedDevices/${id}`).select(["id", "deviceActionResults"]).get();
    return device.deviceActionResults.map((result) => ({ state: result.actionState, passcode: result.passcode }));
  },

  async error(id) {
    try {
      await graph.api(`/deviceManagement/managedDevices/${id}/resetPasscode`).post({});
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      return { status: error.statusCode, code: error.code, message: error.message, request_id: error.requestId };
    }
    throw new Error("The reset did not fail.");
  },
};

const [task, ...values] = process.argv.slice(2);
console.log(JSON.stringify(await tasks[task](...values)));
