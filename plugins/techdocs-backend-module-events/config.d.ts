export interface Config {
  techdocs?: {
    /** What is told of builds of documentation. */
    events?: {
      /**
       * Whether the preparers of TechDocs are followed. Each of `preparers`, `generator` and `publisher` is an extension
       * point of TechDocs that only one module can take: set it to false if another module of yours takes it. The README
       * says what is told then. Default: true.
       */
      preparers?: boolean;
      /** Whether the generator of TechDocs is followed. Default: true. */
      generator?: boolean;
      /**
       * Whether the publisher of TechDocs is followed. Set it to false as well if a module of yours gives TechDocs settings
       * for its publisher, since TechDocs does not use them with a publisher that it is given. Default: true.
       */
      publisher?: boolean;
      /** Builds that are made in CI. */
      ci?: {
        /**
         * Whether events of the topic `techdocs.build` are taken for builds. Who may post them is said under
         * `events.http.ingresses`. Default: true.
         */
        enabled?: boolean;
      };
    };
  };
}
