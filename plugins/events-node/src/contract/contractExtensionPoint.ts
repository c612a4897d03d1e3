import { createExtensionPoint } from '@backstage/backend-plugin-api';
import type { ContractChannel } from './defineChannel';

/**
 * Where modules of the events plugin add channels to the contract of the instance.
 *
 * @public
 */
export interface ContractExtensionPoint {
  /**
   * Adds a channel: it stands in the document that the instance serves, and what is published under its topic is
   * checked as `events.contract.validation` says.
   *
   * @param channel - made with `defineChannel`
   * @throws Error when its name, its message or its address is taken
   */
  addChannel(channel: ContractChannel<unknown>): void;
}

/**
 * Lets modules of the events plugin add channels to the contract.
 *
 * @example
 * ```ts
 * export default createBackendModule({
 *   pluginId: 'events',
 *   moduleId: 'permission-contract',
 *   register(env) {
 *     env.registerInit({
 *       deps: { contract: contractExtensionPoint },
 *       async init({ contract }) {
 *         contract.addChannel(permissionPolicyChange);
 *       },
 *     });
 *   },
 * });
 * ```
 *
 * @public
 */
export const contractExtensionPoint =
  createExtensionPoint<ContractExtensionPoint>({ id: 'callboard.contract' });
