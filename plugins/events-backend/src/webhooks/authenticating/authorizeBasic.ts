import type { Authorization } from './Authorizer';
import { writeBasicCredentials } from './writeBasicCredentials';

/**
 * Authorizes with a user and a password (RFC 7617).
 *
 * @param password - may be empty, but must be there: that it is missing is likely a mistake
 */
export function authorizeBasic(
  username: string,
  password: string | undefined,
): Authorization {
  if (password === undefined) {
    return {
      problem:
        "Basic authentication needs a password: set 'secrets.password', to an empty text if there is none",
    };
  }
  // RFC 7617, section 2: receivers disagree about what follows.
  if (/\p{Cc}/u.test(username + password) || username.includes(':')) {
    return {
      problem:
        "Basic authentication knows no control characters, and no ':' in the user: change 'auth.username' or 'secrets.password'",
    };
  }
  return {
    headers: { authorization: writeBasicCredentials(username, password) },
  };
}
