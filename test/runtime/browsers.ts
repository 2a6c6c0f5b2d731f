import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Browser {
  /** Program and Debian package. */
  programs: readonly string[];
  package: string;
  arguments(profile: string): string[];
  /** user.js of the profile. */
  preferences?: Record<string, boolean | number | string>;
}

const browsers = {
  chromium: {
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    package: 'chromium',
    arguments: profile => [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      `--user-data-dir=${profile}`,
    ],
  },
  firefox: {
    programs: ['firefox-esr', 'firefox'],
    package: 'firefox-esr',
    arguments: profile => ['--headless', '--no-remote', '--profile', profile],
    preferences: {
      'app.update.enabled': false,
      'browser.aboutwelcome.enabled': false,
      'browser.shell.checkDefaultBrowser': false,
      'datareporting.policy.dataSubmissionEnabled': false,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
      'toolkit.telemetry.enabled': false,
    },
  },
} satisfies Record<string, Browser>;

export type BrowserName = keyof typeof browsers;

/** The program's path. In CI a missing one is installed (Debian, as root) or an error; elsewhere undefined. */
export function findBrowser(name: BrowserName): string | undefined {
  const { programs, package: debianPackage } = browsers[name];
  const find = () =>
    (process.env.PATH ?? '')
      .split(delimiter)
      .flatMap(folder => programs.map(program => join(folder, program)))
      .find(existsSync);
  const found = find();
  if (found || !process.env.CI) return found;
  const script = `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${debianPackage}`;
  const { status, stderr, error } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  const installed = find();
  if (installed) return installed;
  throw new Error(
    `no ${name}, and ${debianPackage} cannot be installed (${status}): ${error?.message ?? stderr}`,
  );
}

/** Opens a page in a fresh profile below `temporary`. The browser stays open until it is killed. */
export function openPage(name: BrowserName, program: string, temporary: string, url: string): ChildProcess {
  const browser: Browser = browsers[name];
  const profile = mkdtempSync(join(temporary, `profile-of-${name}-`));
  const lines = Object.entries(browser.preferences ?? {}).map(
    ([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  return spawn(program, [...browser.arguments(profile), url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: a browser is many processes, and all must end with it.
    detached: true,
    env: { ...process.env, HOME: temporary, XDG_CACHE_HOME: temporary, XDG_CONFIG_HOME: temporary },
  });
}
