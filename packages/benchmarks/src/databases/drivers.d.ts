// What is used here of two drivers that come without types.

declare module 'pg' {
  export class Client {
    constructor(options: { connectionString: string; options?: string });
    connect(): Promise<void>;
    query<TRow>(text: string): Promise<{ rows: TRow[] }>;
    end(): Promise<void>;
  }
}

declare module 'better-sqlite3' {
  export default class Database {
    constructor(file: string, options?: { readonly?: boolean });
    prepare(text: string): { all(): unknown[] };
    close(): void;
  }
}
