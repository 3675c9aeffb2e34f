/** The types of workflows: how long each takes, in how many steps, what it says, and what it changes once it has succeeded. */
import { field, isRecord, type Value, type ValueRecord } from "../../../core/Value.ts"
import { seeded } from "./PantheonSeed.ts"
import {
  addBackup,
  type Element,
  elements,
  type Environment,
  newEnvironment,
  type Organization,
  type Site,
  type User,
  type World
} from "./PantheonWorld.ts"

/** What a workflow is about. */
export interface Scope {
  readonly user: User
  readonly site?: Site | undefined
  readonly environment?: Environment | undefined
  readonly organization?: Organization | undefined
}

/** A workflow to be, for its type. Times in seconds. */
export interface Started {
  readonly world: World
  readonly scope: Scope
  readonly params: ValueRecord
  readonly id: string
  readonly at: number
}

export interface Type {
  /** Seconds that were recorded. */
  readonly duration: number
  readonly steps: number
  /** While it runs, and once it is done. */
  readonly says: readonly [running: string, done: string]
  /** What there is of it at once. Answers with a sentence when it cannot be started. */
  readonly begin?: ((started: Started) => string | undefined) | undefined
  readonly finish?: ((started: Started) => void) | undefined
}

const type = (
  duration: number,
  says: readonly [string, string],
  more: Partial<Pick<Type, "steps" | "begin" | "finish">> = {}
): Type => ({ duration, steps: 1, says, ...more })

/** Text among the parameters. */
const text = (params: ValueRecord, name: string): string => {
  const value = field(params, name)
  return typeof value === "string" ? value : ""
}

const newName = ({ params, scope }: Started): string => text(params, "environment_id") || (scope.environment?.id ?? "")

/** Flags come as true, 1 or "1". */
const isSet = (value: Value | undefined): boolean => value === true || value === 1 || value === "1"

const exported = ({ params }: Started): ReadonlyArray<Element> =>
  elements.filter((element) => isSet(field(params, element)))

const setMode = (mode: Environment["mode"]) => ({ scope }: Started): void => {
  if (scope.environment !== undefined) scope.environment.mode = mode
}

const deploy = ({ scope: { environment, site } }: Started): void => {
  const source = site?.environments.get(environment?.id === "live" ? "test" : "dev")
  if (environment !== undefined && source !== undefined) environment.commits = source.commits
}

const member = (params: ValueRecord, world: World): User | undefined =>
  world.users.get(text(params, "user_id")) ??
    [...world.users.values()].find(({ email }) => email === text(params, "user_email"))

const setTeam = ({ params, scope, world }: Started): void => {
  const user = member(params, world)
  if (user !== undefined) scope.site?.team.set(user.id, text(params, "role") || "team_member")
}

const setMember = ({ params, scope, world }: Started): void => {
  const user = member(params, world)
  if (user !== undefined) scope.organization?.members.set(user.id, text(params, "role") || "team_member")
}

const createSite = ({ at, id, params, scope, world }: Started): void => {
  const site = world.add({
    id: seeded(world.seed, `site of ${id}`).uuid(),
    name: text(params, "site_name"),
    label: text(params, "label") || text(params, "site_name"),
    created: Math.floor(at),
    owner: scope.user.id,
    region: text(params, "preferred_zone") || "us-central1",
    plan: "Sandbox",
    isDirect: true,
    upstream: world.upstreams.values().next().value!
  })
  const organization = text(params, "organization_id")
  if (organization !== "") site.organizations.set(organization, new Set())
  site.team.set(scope.user.id, "owner")
}

const finishBackup = ({ at, scope }: Started): void => {
  for (const one of scope.environment?.backups.values() ?? []) {
    if (one.started === at) one.finished ??= at + types["do_export"]!.duration
  }
}

const setSchedule = ({ params, scope }: Started): void => {
  const days = field(params, "backup_schedule")
  for (const [day, given] of Object.entries(isRecord(days) ? days : {})) {
    if (isRecord(given)) {
      scope.environment?.schedule.set(day, { hour: Number(given["hour"] ?? 0), ttl: Number(given["ttl"] ?? 0) })
    }
  }
}

const setPrimaryDomain = ({ params, scope }: Started): void => {
  for (const domain of scope.environment?.domains.values() ?? []) {
    domain.primary = domain.id === params["primary_domain"]
  }
}

const addSiteMembership = ({ params, scope, world }: Started): void => {
  world.sites.get(text(params, "site_id"))?.organizations.set(scope.organization?.id ?? "", new Set())
}

/** Types that the API has, by name. */
export const types: Readonly<Record<string, Type>> = {
  create_site: type(46, ["Creating a new site", "Created a new site"], {
    begin: ({ params, world }) => {
      const name = text(params, "site_name")
      if (name === "") return "A site name is required."
      return world.names.has(name) ? `The site name ${name} is already taken.` : undefined
    },
    finish: createSite
  }),
  create_site_for_migration: type(46, ["Creating a new site", "Created a new site"], { finish: createSite }),
  deploy_product: type(60, ["Deploying CMS", "Deployed CMS"]),
  delete_site: type(8, ["Deleting site", "Deleted site"], {
    finish: ({ scope: { site }, world }) => site !== undefined && world.remove(site)
  }),
  do_export: type(25, ["Creating a backup", "Created a backup"], {
    steps: 3,
    begin: (started) => {
      const { at, id, params, scope } = started
      const chosen = exported(started)
      if (chosen.length === 0 || scope.environment === undefined) return "A backup needs code, database or files."
      const ttl = Number(params["ttl"] ?? 31_536_000)
      addBackup(scope.environment, scope.site!, {
        started: at,
        by: "backup",
        ttl,
        task: id,
        elements: chosen,
        isRunning: true
      })
      return undefined
    },
    finish: finishBackup
  }),
  restore_code: type(20, ["Restoring code", "Restored code"]),
  restore_files: type(20, ["Restoring files", "Restored files"]),
  restore_database: type(20, ["Restoring the database", "Restored the database"]),
  change_backup_schedule: type(1, ["Changing backup schedule", "Changed backup schedule"], { finish: setSchedule }),
  deploy: type(24, ["Deploying code", "Deployed code"], { steps: 4, finish: deploy }),
  create_environment: type(30, ["Initializing environment", "Initialized environment"]),
  clear_cache: type(16, ["Clearing caches", "Cleared caches"], { steps: 2 }),
  clone_database: type(15, ["Cloning database", "Cloned database"]),
  clone_files: type(12, ["Cloning files", "Cloned files"]),
  create_cloud_development_environment: type(
    102,
    ["Creating a Multidev environment", "Created a Multidev environment"],
    {
      steps: 5,
      begin: (started) =>
        /^[a-z0-9][a-z0-9-]{0,10}$/.test(newName(started))
          ? started.scope.site?.environments.has(newName(started))
            ? `The environment ${newName(started)} already exists.`
            : undefined
          : "Environment names have at most 11 lower-case letters, digits and dashes.",
      finish: (started) => {
        const site = started.scope.site!
        const id = newName(started)
        const commits = site.environments.get("dev")?.commits ?? 1
        site.environments.set(id, newEnvironment(site, id, Math.floor(started.at), commits))
      }
    }
  ),
  delete_cloud_development_environment: type(
    20,
    ["Deleting a Multidev environment", "Deleted a Multidev environment"],
    {
      begin: (started) =>
        started.scope.site?.environments.has(newName(started))
          ? undefined
          : `There is no environment ${newName(started)}.`,
      finish: (started) => started.scope.site?.environments.delete(newName(started))
    }
  ),
  merge_dev_into_cloud_development_environment: type(15, ["Merging dev", "Merged dev"]),
  merge_cloud_development_environment_into_dev: type(15, ["Merging into dev", "Merged into dev"]),
  commit_and_push_on_server_changes: type(10, ["Committing changes", "Committed changes"], {
    finish: ({ scope }) => scope.environment !== undefined && scope.environment.commits++
  }),
  apply_upstream_updates: type(71, ["Applying upstream updates", "Applied upstream updates"], {
    steps: 3,
    finish: ({ scope: { environment, site } }) => {
      if (site === undefined) return
      if (environment !== undefined) environment.commits += site.behind
      site.behind = 0
    }
  }),
  switch_upstream: type(20, ["Switching upstream", "Switched upstream"], {
    finish: ({ params, scope, world }) => {
      const upstream = world.upstreams.get(text(params, "upstream_id"))
      if (upstream !== undefined && scope.site !== undefined) scope.site.upstream = upstream
    }
  }),
  clear_code_cache: type(3, ["Clearing code cache", "Cleared code cache"]),
  enable_git_mode: type(5, ["Enabling Git mode", "Enabled Git mode"], { finish: setMode("git") }),
  enable_on_server_development: type(5, ["Enabling SFTP mode", "Enabled SFTP mode"], { finish: setMode("sftp") }),
  wipe: type(15, ["Wiping the environment", "Wiped the environment"]),
  lock_environment: type(3, ["Locking the environment", "Locked the environment"], {
    finish: ({ params, scope: { environment } }) => {
      const lock = { username: text(params, "username"), password: text(params, "password") }
      if (environment !== undefined) environment.lock = lock
    }
  }),
  unlock_environment: type(3, ["Unlocking the environment", "Unlocked the environment"], {
    finish: ({ scope: { environment } }) => environment !== undefined && (environment.lock = undefined)
  }),
  set_primary_domain: type(3, ["Setting the primary domain", "Set the primary domain"], { finish: setPrimaryDomain }),
  do_import: type(60, ["Importing", "Imported"]),
  do_migration: type(120, ["Migrating the site", "Migrated the site"]),
  complete_migration: type(3, ["Completing the migration", "Completed the migration"]),
  enable_addon: type(10, ["Enabling add-on", "Enabled add-on"], {
    finish: ({ params, scope }) => scope.site?.addons.add(text(params, "addon"))
  }),
  disable_addon: type(10, ["Disabling add-on", "Disabled add-on"], {
    finish: ({ params, scope }) => scope.site?.addons.delete(text(params, "addon"))
  }),
  clear_redis_cache: type(3, ["Clearing Redis", "Cleared Redis"]),
  change_site_service_level: type(10, ["Changing plan", "Changed plan"]),
  enable_new_relic_for_site: type(5, ["Enabling New Relic", "Enabled New Relic"]),
  disable_new_relic_for_site: type(5, ["Disabling New Relic", "Disabled New Relic"]),
  promote_site_user_to_owner: type(2, ["Changing owner", "Changed owner"], {
    finish: ({ params, scope: { site } }) => site !== undefined && (site.owner = text(params, "user_id"))
  }),
  associate_site_instrument: type(2, ["Adding payment method", "Added payment method"]),
  disassociate_site_instrument: type(2, ["Removing payment method", "Removed payment method"]),
  add_site_user_membership: type(2, ["Adding user", "Added user"], { finish: setTeam }),
  update_site_user_membership: type(2, ["Updating user", "Updated user"], { finish: setTeam }),
  remove_site_user_membership: type(2, ["Removing user", "Removed user"], {
    finish: ({ params, scope, world }) => scope.site?.team.delete(member(params, world)?.id ?? "")
  }),
  add_site_organization_membership: type(2, ["Adding organization", "Added organization"], {
    finish: ({ params, scope, world }) => {
      const name = text(params, "organization_name")
      const id = [...world.organizations.values()].find((one) => one.label === name || one.name === name)?.id
      if (id !== undefined) scope.site?.organizations.set(id, new Set())
    }
  }),
  update_site_organization_membership: type(2, ["Updating organization", "Updated organization"]),
  remove_site_organization_membership: type(2, ["Removing organization", "Removed organization"], {
    finish: ({ params, scope }) => scope.site?.organizations.delete(text(params, "organization_id"))
  }),
  add_organization_user_membership: type(2, ["Adding user", "Added user"], { finish: setMember }),
  update_organization_user_membership: type(2, ["Updating user", "Updated user"], { finish: setMember }),
  remove_organization_user_membership: type(2, ["Removing user", "Removed user"], {
    finish: ({ params, scope, world }) => scope.organization?.members.delete(member(params, world)?.id ?? "")
  }),
  add_organization_site_membership: type(2, ["Adding site", "Added site"], { finish: addSiteMembership }),
  remove_organization_site_membership: type(2, ["Removing site", "Removed site"], {
    finish: ({ params, scope, world }) =>
      world.sites.get(text(params, "site_id"))?.organizations.delete(scope.organization?.id ?? "")
  }),
  disable_ssl: type(3, ["Disabling HTTPS", "Disabled HTTPS"]),
  rotate_environment_randseed: type(3, ["Rotating the seed", "Rotated the seed"]),
  sync_code_with_build: type(10, ["Syncing code", "Synced code"])
}
