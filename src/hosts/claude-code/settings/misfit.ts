/**
 * Settings that are JSON, but not as the client wants them. It applies nothing of a file in which one of these is of
 * another type, our hooks included; members that it does not know do not matter. What stands deeper than here is not
 * looked at. Source: `claude doctor` of client 2.1.330, asked about each member.
 */

import * as v from 'valibot'
import type { Members } from './hooks.ts'

const text = v.optional(v.string())
const flag = v.optional(v.boolean())
const flagOrNull = v.nullish(v.boolean())
const list = v.optional(v.array(v.unknown()))
const listOrNull = v.nullish(v.array(v.unknown()))
const number = v.optional(v.number())
const record = v.optional(v.record(v.string(), v.unknown()))
const oneOf = (...words: string[]) => v.optional(v.picklist(words))

/** What a hook of each type cannot do without. */
const NEEDED = {
  command: 'command',
  prompt: 'prompt',
  agent: 'prompt',
  http: 'url',
  mcp_tool: 'server',
} as const

const HookSchema = v.pipe(
  v.looseObject({
    type: v.picklist(['command', 'prompt', 'agent', 'http', 'mcp_tool']),
    timeout: v.optional(v.pipe(v.number(), v.gtValue(0))),
    onFailure: oneOf('continue', 'block'),
    ...{ args: v.optional(v.array(v.string())), if: text, async: flag, asyncRewake: flag },
  }),
  v.check((hook) => typeof hook[NEEDED[hook.type]] === 'string'),
)
const guarding = v.nullish(v.array(v.looseObject({ matcher: text, hooks: v.array(HookSchema) })))

const SettingsSchema = v.looseObject({
  hooks: v.optional(v.looseObject({ PreToolUse: guarding, PermissionRequest: guarding })),
  permissions: v.optional(
    v.looseObject({
      ...{ allow: list, deny: list, ask: list, additionalDirectories: list },
      defaultMode: oneOf('acceptEdits', 'auto', 'bypassPermissions', 'default', 'dontAsk', 'manual', 'plan'),
    }),
  ),
  statusLine: v.optional(v.looseObject({ type: v.literal('command'), command: v.string() })),
  cleanupPeriodDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  attribution: v.optional(v.union([v.boolean(), v.looseObject({ commit: text, pr: text })])),
  ...every(record, 'env modelOverrides pluginConfigs autoMode worktree remote voice skillOverrides sandbox'),
  ...every(record, 'extraKnownMarketplaces enabledPlugins'),
  ...every(
    text,
    'apiKeyHelper proxyAuthHelper otelHeadersHelper awsAuthRefresh awsCredentialExport gcpAuthRefresh',
  ),
  ...every(
    text,
    'model agent advisorModel outputStyle language minimumVersion plansDirectory autoMemoryDirectory',
  ),
  ...every(text, 'pluginTrustMessage $schema'),
  ...every(
    list,
    'companyAnnouncements availableModels allowedMcpServers deniedMcpServers claudeMdExcludes sshConfigs',
  ),
  ...every(list, 'allowedChannelPlugins allowedHttpHookUrls httpHookAllowedEnvVars'),
  ...every(
    flag,
    'disableAllHooks includeCoAuthoredBy includeGitInstructions respectGitignore spinnerTipsEnabled',
  ),
  ...every(
    flag,
    'alwaysThinkingEnabled fastMode showTurnDuration terminalProgressBarEnabled verbose voiceEnabled',
  ),
  ...every(flag, 'prefersReducedMotion syntaxHighlightingDisabled autoMemoryEnabled autoDreamEnabled'),
  ...every(
    flag,
    'promptSuggestionEnabled showThinkingSummaries showClearContextOnPlanAccept todoFeatureEnabled',
  ),
  ...every(flag, 'wslInheritsWindowsSettings autoScrollEnabled awaySummaryEnabled'),
  ...every(flagOrNull, 'disableSkillShellExecution allowManagedHooksOnly allowManagedPermissionRulesOnly'),
  ...every(flagOrNull, 'allowManagedMcpServersOnly enableAllProjectMcpServers fastModePerSessionOptIn'),
  ...every(flagOrNull, 'skipDangerousModePermissionPrompt skipAutoPermissionPrompt skipWebFetchPreflight'),
  ...every(flagOrNull, 'channelsEnabled useAutoModeDuringPlan disableRemoteControl disableAgentView'),
  ...every(flagOrNull, 'disableClaudeAiConnectors disableWorkflows'),
  ...every(flagOrNull, 'agentPushNotifEnabled allowAllClaudeAiMcps allowClaudeInChromeWithManagedMcp'),
  ...every(flagOrNull, 'allowNestedModelAccessUnderForceLogin autoCompactEnabled'),
  ...every(flagOrNull, 'autoContinueAtUsageLimit autoUploadSessions bashEditDiffEnabled'),
  ...every(flagOrNull, 'clawdFileProgressEnabled disableArtifact disableCommandPluginSources'),
  ...every(flagOrNull, 'disableBundledSkills disableDirectMcpSkills disableReplyCheck'),
  ...every(flagOrNull, 'disableSideloadFlags disableWindowsBashCommandSplit doneMeansMerged'),
  ...every(flagOrNull, 'emojiCompletionEnabled enableArtifact enableWorkflows enforceAvailableModels'),
  ...every(flagOrNull, 'fileCheckpointingEnabled forceRemoteSettingsRefresh idleCompaction'),
  ...every(flagOrNull, 'inputNeededNotifEnabled isolatePeerMachines precomputeCompactionEnabled'),
  ...every(flagOrNull, 'remoteControlAtStartup respondToBashCommands responseComparisonEnabled'),
  ...every(flagOrNull, 'showMessageTimestamps skipWorkflowUsageWarning switchModelsOnFlag'),
  ...every(flagOrNull, 'syncClaudeAiPlugins syncClaudeAiSkills terminalTitleFromRename'),
  ...every(flagOrNull, 'totalTokensReminderAfterUserTurn wheelScrollAccelerationEnabled'),
  ...every(flagOrNull, 'workflowKeywordTriggerEnabled'),
  ...every(text, 'attributionProject claudeMd prUrlTemplate processWrapper requiredMaximumVersion'),
  ...every(text, 'requiredMinimumVersion timeFormat timeZone'),
  ...every(listOrNull, 'allowedMarketplaces blockedMarketplaces strictKnownMarketplaces fallbackModel'),
  ...every(listOrNull, 'pluginSuggestionMarketplaces'),
  ...every(record, 'breakReminder quietHours remoteTools fileSuggestion spinnerVerbs'),
  ...every(number, 'desktopSessionCleanupPeriodDays skillListingMaxDescChars totalTokensReminderBudget'),
  daemonColdStart: oneOf('transient', 'ask'),
  feedbackDrafts: oneOf('notify', 'quiet', 'off'),
  managedSourcesBehavior: oneOf('first-wins', 'merge'),
  workflowSizeGuideline: oneOf('unrestricted', 'small', 'medium', 'large'),
  autoUpdatesChannel: oneOf('latest', 'stable', 'rc'),
  defaultShell: oneOf('bash', 'powershell'),
  parentSettingsBehavior: oneOf('first-wins', 'merge'),
  tui: oneOf('default', 'fullscreen'),
})

function every<Schema>(schema: Schema, names: string): Record<string, Schema> {
  return Object.fromEntries(names.split(' ').map((name) => [name, schema]))
}

/** The first member that is not as it must be, as the end of "FILE …"; undefined when all are. */
export function misfitIn(settings: Members): string | undefined {
  const parsed = v.safeParse(SettingsSchema, settings, { abortEarly: true })
  return parsed.success ? undefined : `has ${v.getDotPath(parsed.issues[0]) ?? 'a member'} of the wrong type`
}
