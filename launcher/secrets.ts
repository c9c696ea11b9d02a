// What must not be shown.

const SECRET_NAME =
  /KEY|TOKEN|SECRET|PASS|PWD$|CREDENTIAL|PRIVATE|AUTH|COOKIE|SESSION|DSN|JWT|SALT|SIGNATURE|(?:^|_)PAT$/i;
const MASK = '********';

/** The working directories that a shell keeps. */
const NO_SECRET = /^(?:OLD)?PWD$/;

/** The value of an environment variable as it may be shown: masked when its name or its form says that it is secret. */
export function masked(key: string, value: string): string {
  if (value === '') return value;
  if (SECRET_NAME.test(key) && !NO_SECRET.test(key)) return MASK;
  // The password of a URL: scheme://user:password@host
  return value.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s]+(?=@)/gi, `$1${MASK}`);
}
