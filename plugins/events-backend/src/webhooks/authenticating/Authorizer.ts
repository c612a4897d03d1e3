/** What a request is given so that its receiver lets it in, or why there is nothing to give. */
export type Authorization =
  | {
      /** By name in lower case. */
      headers: Record<string, string>;
    }
  | {
      /** A sentence for people, with the remedy where one is known, and without any part of a secret. */
      problem: string;
    };

/** Says to the receiver of one endpoint who sends. */
export interface Authorizer {
  /**
   * Gives the headers of the next request.
   *
   * @param signal - gives up waiting for them, which is a problem too
   */
  authorize(signal?: AbortSignal): Promise<Authorization>;

  /** Is told that the receiver refused them, with 401: what was kept is not used again. */
  reject(): void;
}
