# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The detection script of the probe, for Windows PowerShell 5.1. It only reads, and prints one line; see ``line`` for its values.

No PowerShell has run this text: tests check its grammar, and the matches of its patterns in outputs of dsregcmd. It calls no .NET, so it
also runs in constrained language mode. It is ASCII without a byte-order mark, which is the same in every code page of a device.
"""

from __future__ import annotations

SCRIPT = r"""# endpointops.intune PIN reset probe 1
# Prints what Windows says about PIN reset for the signed-in user, and the policies in the registry. Changes nothing, prints no names.
$ErrorActionPreference = 'SilentlyContinue'
$system = "$env:SystemRoot\Sysnative"
$is32 = Test-Path -LiteralPath "$system\dsregcmd.exe"
if (-not $is32) { $system = "$env:SystemRoot\System32" }

$section = ''
$found = @{}
foreach ($line in @(& "$system\dsregcmd.exe" /status 2>$null)) {
  if ($line -match '^\s*\|\s*(.*?)\s*\|\s*$') {
    $section = $Matches[1]
  } elseif ($line -match '^\s*([A-Za-z]+)\s*:\s+([A-Za-z0-9-]{1,40})') {
    $key = "$section/$($Matches[1])"
    if (-not $found[$key]) { $found[$key] = $Matches[2] }
  }
}
$missing = if ($found['Device State/AzureAdJoined']) { '-' } else { '?' }
function Get-Status($Key) { if ($found[$Key]) { $found[$Key] } else { $missing } }
$canReset = Get-Status 'User State/CanReset'
$token = Get-Status 'SSO State/AzureAdPrt'
if ($token -eq $missing) { $token = Get-Status 'User State/AzureAdPrt' }

$tenant = if ($found['Tenant Details/TenantId'] -match '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') { $Matches[0] }
$user = if ("$(& "$system\whoami.exe" /user /fo csv /nh 2>$null)" -match '"(S-1-[0-9-]+)"\s*$') { $Matches[1] }
function Test-Unreadable($Path) { (Test-Path -LiteralPath $Path) -and -not (Get-Item -LiteralPath $Path) }
function Get-Setting($Owner, $Name) {
  $path = "HKLM:\SOFTWARE\Microsoft\Policies\PassportForWork\$tenant\$Owner\Policies"
  if ($is32 -or -not $tenant -or -not $Owner -or (Test-Unreadable $path)) { return '?' }
  $value = (Get-ItemProperty -LiteralPath $path).$Name
  if ($null -eq $value) { '-' } elseif ("$value" -match '^[0-9]{1,10}$') { $Matches[0] } else { '?' }
}

$keys = 'HKCU:\SOFTWARE\Policies\Microsoft\PassportForWork', 'HKLM:\SOFTWARE\Policies\Microsoft\PassportForWork'
$policies = @(Get-ItemProperty -LiteralPath $keys)
$further = @(Get-ChildItem -LiteralPath $keys -Recurse | Get-ItemProperty)
# The value of the user wins, which is the first one.
$recovery = @(@($policies.EnablePinRecovery) -ne $null)[0]
$hello = @(@($policies.Enabled) -ne $null)[0]
$state = if ($recovery -eq 1 -and $hello -ne 0) { '1' } elseif ($policies -or $further) { '0' } else { '-' }
$groupPolicy = if ($is32 -or (Test-Unreadable $keys[1])) { '?' } else { $state }

@(
  'pin1'
  "aj=$(Get-Status 'Device State/AzureAdJoined')"
  "dj=$(Get-Status 'Device State/DomainJoined')"
  "ngc=$(Get-Status 'User State/NgcSet')"
  "cr=$canReset"
  "pe=$(Get-Status 'Ngc Prerequisite Check/PolicyEnabled')"
  "nr=$(Get-Status 'Ngc Prerequisite Check/SessionIsNotRemote')"
  "da=$(Get-Status 'Device Details/DeviceAuthStatus')"
  "prt=$token"
  "rec=$(Get-Setting 'Device' 'EnablePinRecovery')"
  "use=$(Get-Setting 'Device' 'UsePassportForWork')"
  "gpo=$groupPolicy"
  "urec=$(Get-Setting $user 'EnablePinRecovery')"
  'end'
) -join ';'
if ($canReset -like '*NonDestructive*') { exit 0 }
exit 1
"""
