import type {
  AuditorService,
  AuditorServiceCreateEventOptions,
} from '@backstage/backend-plugin-api';

/** Does something, and writes into the audit log who asked for it and what it came to. */
export async function auditAction<T>(
  auditor: AuditorService,
  event: AuditorServiceCreateEventOptions,
  run: () => Promise<T>,
): Promise<T> {
  const auditorEvent = await auditor.createEvent(event);
  let result: T;
  try {
    result = await run();
  } catch (error) {
    await auditorEvent.fail({
      error: error instanceof Error ? error : new Error(String(error)),
    });
    throw error;
  }
  await auditorEvent.success();
  return result;
}
