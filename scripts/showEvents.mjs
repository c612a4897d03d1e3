// Shows the newest events of the local portal, and who got them: npm run show-events
import { readLocalConfig, request } from './readLocalConfig.mjs';

process.stdout.on('error', error => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
  // Whoever reads the output has seen enough.
  process.exit();
});

const { baseUrl, token } = readLocalConfig();

async function get(path) {
  const response = await request(`${baseUrl}/api/events/v1${path}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  if (response.status === 401) {
    console.error(
      `${baseUrl} does not know the token in app-config.local.yaml. Another configuration with a list backend.auth.externalAccess takes the place of the one there: put both entries into one file`,
    );
    process.exitCode = 1;
    return undefined;
  }
  if (!response.ok) {
    throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
  return response.json();
}

const listing = await get('/events?limit=10');
if (listing?.items.length === 0) {
  console.log('The log has no events yet; try: npm run send-push');
}
for (const { id } of listing?.items ?? []) {
  const event = await get(`/events/${id}`);
  const about = event.key === null ? '' : `  ${event.key}`;
  console.log(`${event.time}  ${event.topic}  ${id}${about}`);
  console.log(`    ${event.explanation}`);
  for (const { subscriptionId, explanation } of event.recipients ?? []) {
    console.log(`    ${subscriptionId}: ${explanation}`);
  }
}
