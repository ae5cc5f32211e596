# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Routes of the directory. Roles: https://learn.microsoft.com/graph/permissions-reference"""

from __future__ import annotations

from ..http.routing import BOTH, V1, Route
from . import (
    access_pass_policy,
    app_role_assignments,
    applications,
    federated_credentials,
    grants,
    groups,
    key_credentials,
    organization,
    service_principals,
    temporary_access_passes,
    users,
)

DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
APPS_READ = ("Application.Read.All", "Application.ReadWrite.All", *DIRECTORY)
APPS_WRITE = ("Application.ReadWrite.All",)
APPS_CREATE = ("Application.ReadWrite.All", "Application.ReadWrite.OwnedBy")
# Reading an application's credentials needs the same permissions as reading the application.
OWN_APPS_READ = ("Application.ReadWrite.OwnedBy", *APPS_READ)
ROLES_READ = ("AppRoleAssignment.ReadWrite.All", *APPS_READ)
ROLES_WRITE = ("AppRoleAssignment.ReadWrite.All",)
GRANTS_READ = ("DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", *DIRECTORY)
GRANTS_WRITE = ("DelegatedPermissionGrant.ReadWrite.All",)
GROUPS_READ = ("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", *DIRECTORY)
ORGANIZATION_READ = ("Organization.Read.All", "Organization.ReadWrite.All", *DIRECTORY)
SKUS_READ = ("LicenseAssignment.Read.All", *ORGANIZATION_READ)
ENTRA_DEVICE_READ = ("Device.Read.All", "Device.ReadWrite.All", *DIRECTORY)
USERS_READ = ("User.Read.All", "User.ReadWrite.All", *DIRECTORY)
# The documentation page of pass creation lists the read permissions as the least privileged ones, but they cannot create passes.
PASSES_WRITE = ("UserAuthMethod-TAP.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All")
PASSES_READ = ("UserAuthMethod-TAP.Read.All", "UserAuthenticationMethod.Read.All", *PASSES_WRITE)
METHODS_WRITE = ("Policy.ReadWrite.AuthenticationMethod",)
METHODS_READ = ("Policy.Read.AuthenticationMethod", "Policy.Read.All", *METHODS_WRITE)
METHOD = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{id}"
PASSES = "/users/{id}/authentication/temporaryAccessPassMethods"

APPLICATION_KEYS = ("/applications/{id}", "/applications(appId='{appId}')", "/applications(uniqueName='{uniqueName}')")
CREDENTIALS = "federatedIdentityCredentials"
CLIENT_ROLES, RESOURCE_ROLES = "/servicePrincipals/{id}/appRoleAssignments", "/servicePrincipals/{id}/appRoleAssignedTo"
SERVICE_PRINCIPAL_KEYS = ("/servicePrincipals/{id}", "/servicePrincipals(appId='{appId}')")
DELETED_SERVICE_PRINCIPALS = (
    "/directory/deletedItems/microsoft.graph.servicePrincipal",
    "/directory/deletedItems/graph.servicePrincipal",
)

ROUTES: tuple[Route, ...] = (
    Route(V1, "GET", "/organization", organization.list_all, ORGANIZATION_READ, "identity"),
    Route(V1, "GET", "/organization/{id}", organization.get, ORGANIZATION_READ, "identity"),
    Route(V1, "GET", "/subscribedSkus", organization.subscribed_skus, SKUS_READ, "identity", 3),
    Route(V1, "GET", "/groups", groups.list_all, GROUPS_READ, "identity"),
    Route(V1, "GET", "/groups/{id}", groups.get, GROUPS_READ, "identity"),
    Route(V1, "GET", "/groups/{id}/transitiveMembers", groups.transitive_members, GROUPS_READ, "identity"),
    Route(V1, "GET", "/users", users.list_all, USERS_READ, "identity", 2),
    Route(V1, "GET", "/users/{id}", users.get, USERS_READ, "identity"),
    Route(V1, "GET", "/users/{id}/transitiveMemberOf/microsoft.graph.directoryRole", users.list_roles, USERS_READ, "identity", 2),
    Route(V1, "GET", PASSES, temporary_access_passes.list_all, PASSES_READ, "identity"),
    Route(V1, "POST", PASSES, temporary_access_passes.create, PASSES_WRITE, "identity"),
    Route(V1, "GET", f"{PASSES}/{{pass}}", temporary_access_passes.get, PASSES_READ, "identity"),
    Route(V1, "DELETE", f"{PASSES}/{{pass}}", temporary_access_passes.delete, PASSES_WRITE, "identity"),
    Route(V1, "GET", METHOD, access_pass_policy.get, METHODS_READ, "identity"),
    Route(V1, "PATCH", METHOD, access_pass_policy.update, METHODS_WRITE, "identity"),
    Route(V1, "GET", "/devices(deviceId='{deviceId}')", groups.device_by_device_id, ENTRA_DEVICE_READ, "identity"),
    Route(V1, "GET", "/servicePrincipals", service_principals.list_all, APPS_READ, "identity"),
    Route(V1, "POST", "/servicePrincipals", service_principals.create, APPS_CREATE, "identity"),
    *(Route(V1, "GET", path, service_principals.get, APPS_READ, "identity") for path in SERVICE_PRINCIPAL_KEYS),
    *(Route(V1, "PATCH", path, service_principals.update, APPS_WRITE, "identity") for path in SERVICE_PRINCIPAL_KEYS),
    *(Route(V1, "DELETE", path, service_principals.delete, APPS_WRITE, "identity") for path in SERVICE_PRINCIPAL_KEYS),
    Route(V1, "GET", "/servicePrincipals/{id}/oauth2PermissionGrants", grants.list_of_service_principal, GRANTS_READ, "identity", 2),
    *(Route(V1, "GET", path, service_principals.list_deleted, APPS_READ, "identity") for path in DELETED_SERVICE_PRINCIPALS),
    Route(V1, "GET", "/directory/deletedItems/{id}", service_principals.get_deleted, APPS_READ, "identity"),
    Route(V1, "POST", "/directory/deletedItems/{id}/restore", service_principals.restore, APPS_WRITE, "identity"),
    Route(V1, "DELETE", "/directory/deletedItems/{id}", service_principals.purge, APPS_WRITE, "identity"),
    Route(V1, "GET", CLIENT_ROLES, app_role_assignments.list_of_client, ROLES_READ, "identity"),
    Route(V1, "POST", CLIENT_ROLES, app_role_assignments.create, ROLES_WRITE, "identity"),
    Route(V1, "DELETE", f"{CLIENT_ROLES}/{{assignment}}", app_role_assignments.delete, ROLES_WRITE, "identity"),
    Route(V1, "GET", RESOURCE_ROLES, app_role_assignments.list_of_resource, ROLES_READ, "identity"),
    Route(V1, "POST", RESOURCE_ROLES, app_role_assignments.create, ROLES_WRITE, "identity"),
    Route(V1, "DELETE", f"{RESOURCE_ROLES}/{{assignment}}", app_role_assignments.delete, ROLES_WRITE, "identity"),
    Route(V1, "GET", "/applications", applications.list_all, APPS_READ, "identity"),
    Route(V1, "POST", "/applications", applications.create, APPS_CREATE, "identity"),
    *(Route(V1, "GET", path, applications.get, OWN_APPS_READ, "identity") for path in APPLICATION_KEYS),
    *(Route(V1, "PATCH", path, applications.update, APPS_CREATE, "identity") for path in APPLICATION_KEYS),
    *(Route(V1, "DELETE", path, applications.delete, APPS_CREATE, "identity") for path in APPLICATION_KEYS),
    Route(V1, "POST", "/applications/{id}/addPassword", key_credentials.add_password, APPS_CREATE, "identity"),
    Route(V1, "POST", "/applications/{id}/removePassword", key_credentials.remove_password, APPS_CREATE, "identity"),
    Route(V1, "GET", f"/applications/{{id}}/{CREDENTIALS}", federated_credentials.list_all, OWN_APPS_READ, "identity"),
    Route(V1, "POST", f"/applications/{{id}}/{CREDENTIALS}", federated_credentials.create, APPS_CREATE, "identity"),
    *(
        Route(V1, method, f"/applications/{{id}}/{CREDENTIALS}{key}", handler, roles, "identity")
        for key in ("/{credential}", "(name='{name}')")
        for method, handler, roles in (
            ("GET", federated_credentials.get, OWN_APPS_READ),
            ("PATCH", federated_credentials.update, APPS_CREATE),
            ("DELETE", federated_credentials.delete, APPS_CREATE),
        )
    ),
    Route(V1, "GET", "/oauth2PermissionGrants", grants.list_all, GRANTS_READ, "identity", 2),
    Route(V1, "POST", "/oauth2PermissionGrants", grants.create, GRANTS_WRITE, "identity"),
    Route(V1, "GET", "/oauth2PermissionGrants/{id}", grants.get, GRANTS_READ, "identity", 2),
    Route(V1, "PATCH", "/oauth2PermissionGrants/{id}", grants.update, GRANTS_WRITE, "identity"),
    Route(V1, "DELETE", "/oauth2PermissionGrants/{id}", grants.delete, GRANTS_WRITE, "identity"),
)

# Paths that the service has but the emulator lacks.
NOT_EMULATED: dict[str, tuple[str, ...]] = {
    "/users": BOTH,
    "/policies": BOTH,
    "/applications": BOTH,
    "/directory": BOTH,
    "/devices": BOTH,
    "/groups": BOTH,
    "/servicePrincipals": BOTH,
    "/oauth2PermissionGrants": BOTH,
    "/organization": BOTH,
    "/subscribedSkus": BOTH,
}
