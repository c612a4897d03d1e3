/**
 * Makes a text one that an attribute of CloudEvents may hold: what is no character, and control characters, become
 * U+FFFD (CloudEvents 1.0, Type System).
 */
export function toAttributeText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu, '\uFFFD');
}

/**
 * Writes an attribute as the value of a header: everything but visible ASCII is percent-encoded, and so are quotation
 * marks and `%` itself (HTTP Protocol Binding for CloudEvents 1.0.2, section 3.1.3.2). The SDK leaves this to its users.
 *
 * @param text - as an attribute may hold it
 */
export function toHeaderValue(text: string): string {
  return text.replace(/[^!#$&-~]/gu, encodeURIComponent);
}

/**
 * Makes a reference to a source: a URI-reference (RFC 3986, section 4.1).
 *
 * @param base - what it begins with: a URI-reference without query and fragment
 * @param source - such as `catalog` or `http/github`
 */
export function toSourceReference(base: string, source: string): string {
  const path = toAttributeText(source)
    .split('/')
    .map(encodeURIComponent)
    .join('/');
  return `${base.replace(/\/+$/, '')}/${path}`;
}
