/** A component of the organization, which has a repository of the same name. */
export interface AcmeComponent {
  name: string;
  type: 'service' | 'website' | 'library';
  description: string;
  /** `production` unless given. */
  lifecycle?: 'experimental' | 'deprecated';
  /** Names of components that it calls or is built with. */
  dependsOn?: string[];
}

/** What a team of the organization owns. */
export interface AcmeSystem {
  name: string;
  description: string;
  team: { name: string; description: string };
  components: AcmeComponent[];
}

/** The organization: a shop, in 49 components of six systems. */
export const acmeSystems: readonly AcmeSystem[] = [
  {
    name: 'checkout',
    description: 'From a full cart to a paid order',
    team: {
      name: 'payments',
      description: 'Takes the money, and gives it back',
    },
    components: [
      {
        name: 'payments-api',
        type: 'service',
        description: 'Takes payments by card, wallet and bank transfer',
        dependsOn: ['card-vault', 'fraud-check', 'ledger'],
      },
      {
        name: 'checkout-web',
        type: 'website',
        description: 'The pages between the cart and the thank-you',
        dependsOn: ['payments-api', 'tax-rates', 'ui-kit'],
      },
      {
        name: 'card-vault',
        type: 'service',
        description: 'Keeps card numbers, so that nothing else has to',
      },
      {
        name: 'fraud-check',
        type: 'service',
        description: 'Says how likely it is that an order is a fraud',
      },
      {
        name: 'invoices',
        type: 'service',
        description: 'Writes invoices and sends them',
        dependsOn: ['ledger', 'email-sender'],
      },
      {
        name: 'ledger',
        type: 'service',
        description: 'The books: every payment, once',
      },
      {
        name: 'refunds',
        type: 'service',
        description: 'Pays back what was returned',
        dependsOn: ['payments-api'],
      },
      {
        name: 'tax-rates',
        type: 'library',
        description: 'Value added tax of every country that is delivered to',
      },
      {
        name: 'gift-cards',
        type: 'service',
        description: 'Sells gift cards and redeems them',
        lifecycle: 'experimental',
      },
    ],
  },
  {
    name: 'storefront',
    description: 'What customers see before they buy',
    team: { name: 'web', description: 'Builds the shop that everybody sees' },
    components: [
      {
        name: 'web-shop',
        type: 'website',
        description: 'The shop',
        dependsOn: ['product-api', 'search-api', 'cart-service', 'ui-kit'],
      },
      {
        name: 'product-api',
        type: 'service',
        description: 'Products, their prices and their pictures',
      },
      {
        name: 'search-api',
        type: 'service',
        description: 'Finds products by what people type',
        dependsOn: ['product-api'],
      },
      {
        name: 'cart-service',
        type: 'service',
        description: 'Remembers what is in a cart, on every device',
      },
      {
        name: 'recommendations',
        type: 'service',
        description: 'Others have also bought',
        dependsOn: ['clickstream'],
      },
      {
        name: 'reviews',
        type: 'service',
        description: 'What customers say about products, and what they may not',
      },
      {
        name: 'promotions',
        type: 'service',
        description: 'Sales, coupons, and which of them go together',
      },
      {
        name: 'image-resizer',
        type: 'service',
        description: 'Cuts pictures of products to the size that is asked for',
      },
      {
        name: 'store-finder',
        type: 'website',
        description: 'A map of the shops with doors',
        lifecycle: 'deprecated',
      },
    ],
  },
  {
    name: 'fulfilment',
    description: 'From a paid order to a parcel at the door',
    team: { name: 'logistics', description: 'Gets things to people' },
    components: [
      {
        name: 'orders-api',
        type: 'service',
        description: 'What was ordered, and how far it has come',
        dependsOn: ['payments-api', 'inventory'],
      },
      {
        name: 'inventory',
        type: 'service',
        description: 'How many of each thing are in which warehouse',
      },
      {
        name: 'warehouse-app',
        type: 'website',
        description: 'Tells people in the warehouse what to pick next',
        dependsOn: ['inventory', 'orders-api'],
      },
      {
        name: 'shipping-labels',
        type: 'service',
        description: 'Prints labels of every carrier',
        dependsOn: ['carrier-gateway'],
      },
      {
        name: 'carrier-gateway',
        type: 'service',
        description: 'Talks to carriers, each in its own way',
      },
      {
        name: 'parcel-tracker',
        type: 'service',
        description: 'Where is my parcel?',
        dependsOn: ['carrier-gateway'],
      },
      {
        name: 'returns-portal',
        type: 'website',
        description: 'Takes back what did not fit',
        dependsOn: ['orders-api', 'refunds'],
      },
      {
        name: 'stock-forecast',
        type: 'service',
        description: 'Guesses what will be sold out next month',
        lifecycle: 'experimental',
      },
    ],
  },
  {
    name: 'identity',
    description: 'Who somebody is, and what they may do',
    team: { name: 'accounts', description: 'Lets the right people in' },
    components: [
      {
        name: 'login',
        type: 'website',
        description: 'Signs customers in and up',
        dependsOn: ['accounts-api', 'session-store'],
      },
      {
        name: 'accounts-api',
        type: 'service',
        description: 'Customers, their addresses and their consents',
      },
      {
        name: 'session-store',
        type: 'service',
        description: 'Knows who is signed in',
      },
      {
        name: 'profile-pages',
        type: 'website',
        description: 'Where customers change what is known of them',
        dependsOn: ['accounts-api'],
      },
      {
        name: 'permissions',
        type: 'service',
        description: 'Decides who may do what',
      },
      {
        name: 'consent-manager',
        type: 'service',
        description: 'Remembers who has agreed to what, and since when',
      },
      {
        name: 'audit-log',
        type: 'service',
        description: 'Who did what, for those who have to know',
      },
    ],
  },
  {
    name: 'insights',
    description: 'What can be learned from what happens',
    team: { name: 'data', description: 'Counts, and asks why' },
    components: [
      {
        name: 'clickstream',
        type: 'service',
        description: 'Collects what is clicked, without names',
      },
      {
        name: 'sales-warehouse',
        type: 'service',
        description: 'Every sale of ten years, ready for questions',
      },
      {
        name: 'dashboards',
        type: 'website',
        description: 'Numbers on large screens',
        dependsOn: ['sales-warehouse'],
      },
      {
        name: 'experiments',
        type: 'service',
        description: 'Shows half of the customers something else',
      },
      {
        name: 'data-quality',
        type: 'service',
        description: 'Finds numbers that cannot be true',
      },
      {
        name: 'weekly-report',
        type: 'service',
        description: 'Writes the mail that everybody reads on Monday',
        dependsOn: ['sales-warehouse', 'email-sender'],
      },
    ],
  },
  {
    name: 'foundation',
    description: 'What all others are built on',
    team: { name: 'platform', description: 'Keeps the others going' },
    components: [
      {
        name: 'api-gateway',
        type: 'service',
        description: 'The one way in from outside',
        dependsOn: ['permissions'],
      },
      {
        name: 'deploy-tool',
        type: 'service',
        description: 'Brings a commit to production, and back if need be',
      },
      {
        name: 'feature-flags',
        type: 'service',
        description: 'Switches things on for some before all',
      },
      {
        name: 'email-sender',
        type: 'service',
        description: 'Sends mail, and knows which bounced',
      },
      {
        name: 'notifications',
        type: 'service',
        description: 'Tells customers what they wanted to be told',
        dependsOn: ['email-sender'],
      },
      {
        name: 'service-template',
        type: 'library',
        description: 'What a new service begins with',
      },
      {
        name: 'ui-kit',
        type: 'library',
        description: 'Buttons, forms and colours of the shop',
      },
      {
        name: 'event-schemas',
        type: 'library',
        description: 'The shapes of what systems tell each other',
      },
      {
        name: 'build-images',
        type: 'library',
        description: 'The container images that everything is built in',
      },
      {
        name: 'metrics-collector',
        type: 'service',
        description: 'How all of it is doing, every ten seconds',
      },
    ],
  },
];
