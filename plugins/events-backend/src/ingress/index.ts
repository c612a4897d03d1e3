export { createAccept } from './createAccept';
export { createIngressService } from './createIngressService';
export {
  createIngressRouter,
  type IngressObserver,
} from './createIngressRouter';
export { HttpPostIngressEventPublisher } from './HttpPostIngressEventPublisher';
export { Ingresses } from './Ingresses';
export {
  readIngressSettings,
  type IngressSettings,
} from './readIngressSettings';
