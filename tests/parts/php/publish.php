<?php
// Publishes the posts of a JSON array on standard input in one transaction, or changes those with an id.
// Prints [id, address] of each.
$_SERVER['HTTP_HOST'] = parse_url(getenv('WORDPRESS_URL'), PHP_URL_HOST);
$_SERVER['REQUEST_URI'] = '/';
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/taxonomy.php';
global $wpdb, $wp_rewrite;
$wp_rewrite->init();
kses_remove_filters();
wp_defer_term_counting(true);
$wpdb->query('START TRANSACTION');
$published = [];
$categories = [];
foreach (json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR) as $told) {
    $post = ['post_status' => 'publish', 'post_author' => 1];
    foreach (['ID', 'post_title', 'post_content', 'post_date', 'post_type'] as $field) {
        if (isset($told[$field])) {
            $post[$field] = $told[$field];
        }
    }
    foreach ($told['categories'] ?? [] as $name) {
        $categories[$name] ??= wp_create_category($name);
        $post['post_category'][] = $categories[$name];
    }
    $id = isset($post['ID']) ? wp_update_post(wp_slash($post), true) : wp_insert_post(wp_slash($post), true);
    if (is_wp_error($id)) {
        fwrite(STDERR, $id->get_error_message());
        exit(1);
    }
    $published[] = [$id, get_permalink($id)];
}
$wpdb->query('COMMIT');
wp_defer_term_counting(false);
flush_rewrite_rules(false);
echo json_encode($published);
