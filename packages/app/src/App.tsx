import { createApp } from '@backstage/frontend-defaults';
import apiDocs from '@backstage/plugin-api-docs/alpha';
import catalog from '@backstage/plugin-catalog/alpha';

/** The portal: stock plugins, as they come. What is shown where is in `app-config.yaml`. */
export default createApp({ features: [catalog, apiDocs] });
