import { ConflictError } from '@backstage/errors';

/** Somebody was faster: an endpoint has another revision than the one that was read, or is gone. */
export class EndpointChangedError extends ConflictError {
  constructor(endpointId: string) {
    super(
      `Endpoint '${endpointId}' was changed or removed meanwhile. Read it again, and change what it is now`,
    );
  }
}
