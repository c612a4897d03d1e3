/**
 * A JSON Schema, as AsyncAPI 3.0 has it: draft 7.
 *
 * @public
 */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** @public */
export interface Reference {
  readonly $ref: string;
}

/**
 * A channel of the contract: messages of one kind.
 *
 * @public
 */
export interface AsyncApiChannel {
  readonly address: string;
  readonly title?: string;
  readonly description?: string;
  readonly messages: { readonly [name: string]: Reference };
}

/** @public */
export interface AsyncApiOperation {
  readonly action: 'receive';
  readonly summary?: string;
  readonly channel: Reference;
  readonly messages: readonly Reference[];
}

/** @public */
export interface AsyncApiMessage {
  readonly name: string;
  readonly title?: string;
  readonly summary?: string;
  readonly contentType: string;
  readonly payload: Reference;
}

/**
 * An AsyncAPI 3.0 document, as far as the contract goes.
 *
 * @public
 */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: { readonly name: string; readonly url: string };
  };
  readonly defaultContentType: string;
  readonly channels: { readonly [name: string]: AsyncApiChannel };
  readonly operations: { readonly [name: string]: AsyncApiOperation };
  readonly components: {
    readonly messages: { readonly [name: string]: AsyncApiMessage };
    readonly schemas: { readonly [name: string]: JsonSchema };
  };
}
